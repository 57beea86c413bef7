// A stack of Transformer blocks over packed rows.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "moestro/nn/forward_context.h"
#include "moestro/nn/model.h"
#include "moestro/nn/packing.h"
#include "moestro/nn/transformer_config.h"

namespace moestro {

class MixtureLayer;
class Sides;

struct TransformerOutput {
  Tensor x_ND;
  std::vector<MixtureTrace> traces;  // one a mixture layer, from the first block on
};

// The other sentences' rows, to be looked at by a decoder.
struct Memory {
  Tensor x_MD;
  Packing rows;
};

class Transformer {
 public:
  enum class Kind {
    encoder,  // a token looks at all of its sentence
    causal,   // at itself and those before it: language models
    decoder,  // the same, and at another sentence
  };

  // Tensors are "<name>.<block>.attention.qkv.weight" and so on (with share_depth those that the
  // blocks share are "<name>.shared...."), "<name>.norm.weight" of pre-norm. Throws UserError for a
  // shape that cannot be: heads that do not divide the width, an odd head width with rotary
  // positions, an odd width with sinusoidal ones, mixture layers in some blocks of a stack that
  // shares them, a decision by sentence where sentences grow.
  Transformer(Kind kind, const TransformerShape& shape, const std::string& name, uint64_t seed);
  ~Transformer();
  Transformer(Transformer&&) noexcept;

  // memory: for a decoder, and for it alone. sides (nn/sides.h): what is added beside the blocks'
  // feed-forward layers.
  TransformerOutput forward(const Tensor& x_ND, const Packing& rows, const ForwardContext& context,
                            const TraceNeeds& needs, const Memory* memory = nullptr,
                            Sides* sides = nullptr) const;

  // Sentences as they grow, one token each at a time; not for an encoder. beam: how many continue
  // each of the memory's sentences, beside each other.
  class State;
  std::unique_ptr<State> begin(const Memory* memory = nullptr, int64_t beam = 1) const;
  // x_BD: the newest tokens -> what the last block makes of them. In evaluation.
  Tensor step(const Tensor& x_BD, State& state) const;

  const TransformerShape& shape() const { return shape_; }
  std::vector<MixtureLayer*> mixtures() const;  // each once
  // One a trace of forward(), in their order: a layer that blocks share has one a block.
  std::vector<MixtureName> mixture_names() const;
  // What its gates do not learn by gradient; traces: those of its own layers.
  void after_step(std::span<const MixtureTrace> traces);
  std::vector<Parameter> parameters() const;
  std::vector<Buffer> buffers() const;
  std::vector<std::string> describe() const;
  // Of one sentence; a decoder's looks at one of as many tokens.
  Cost cost(int64_t tokens) const;

 private:
  struct Parts;

  Kind kind_;
  TransformerShape shape_;
  std::unique_ptr<Parts> parts_;
};

// For beam search: the sentences continue those listed in from_B (int64 [B]), of one memory each.
class Transformer::State {
 public:
  State();
  ~State();
  void select(const Tensor& from_B);

 private:
  friend class Transformer;
  struct Blocks;
  std::unique_ptr<Blocks> blocks_;
};

}  // namespace moestro
