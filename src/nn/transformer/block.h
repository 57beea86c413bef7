// One block of a Transformer: attention to its own sentence, to another one in a decoder, and a
// feed-forward or mixture layer; each with a norm, added to what it was given.
//
//   norm first:  x + f(norm(x))        else:  norm(x + f(x))
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attention.h"
#include "moestro/nn/feed_forward_bank.h"
#include "moestro/nn/mixture_layer.h"
#include "norm.h"

namespace moestro {

// What a block computes, without its norms; blocks may share one.
struct BlockBody {
  SelfAttention self;
  std::optional<CrossAttention> cross;          // decoders
  std::optional<FeedForwardBank> feed_forward;  // of one expert; none where there is a mixture
  std::unique_ptr<MixtureLayer> mixture;

  std::vector<Parameter> parameters() const;
  Cost cost(int64_t sentences, int64_t tokens, bool causal) const;
};

struct BlockKind {
  bool causal = false, cross = false, mixture = false;
  int64_t hidden = 0;  // of an ordinary feed-forward layer
};

// Tensors "<name>.attention...", "<name>.cross_attention...", "<name>.feed_forward..." or
// "<name>.mixture...".
std::shared_ptr<const BlockBody> make_body(const TransformerShape& shape, BlockKind kind,
                                           const std::string& name, uint64_t seed);

// What a block keeps while a sentence grows token by token.
struct BlockState {
  KeysValues past, memory;
};

// What is added beside the feed-forward layer, of the rows before their norm; empty: nothing.
using Side = std::function<Tensor(const Tensor& x_ND)>;

class Block {
 public:
  // Norms are "<name>.attention_norm...", "<name>.cross_attention_norm...",
  // "<name>.feed_forward_norm...".
  Block(const TransformerShape& shape, BlockKind kind, const std::string& name, uint64_t seed,
        std::shared_ptr<const BlockBody> body);

  // memory: of a decoder. Appends the trace of a mixture layer.
  Tensor forward(const Tensor& x_ND, const Packing& rows, const Memory* memory,
                 const ForwardContext& context, const TraceNeeds& needs,
                 std::vector<MixtureTrace>& traces, const Side& side = {}) const;
  // One new token a sentence, in evaluation.
  Tensor step(const Tensor& x_BD, const Packing& rows, BlockState& state) const;

  const std::string& name() const { return name_; }
  const BlockBody& body() const { return *body_; }
  std::vector<Parameter> norms() const;

 private:
  template <class Part>
  Tensor added(const Tensor& x, const Norm& norm, const char* part, const ForwardContext& context,
               const Part& f, const Tensor& beside = {}) const;
  Tensor feed_forward(const Tensor& x_ND, const Packing& rows, const ForwardContext& context,
                      const TraceNeeds& needs, std::vector<MixtureTrace>& traces) const;

  std::string name_;
  bool norm_first_, causal_;
  double dropout_;
  Norm attention_norm_, feed_forward_norm_;
  std::optional<Norm> cross_norm_;
  std::shared_ptr<const BlockBody> body_;
};

}  // namespace moestro
