// What training, evaluation and checkpoints need of a network, whatever it is made of: a mixture of
// whole networks, or a Transformer with or without mixture layers.
#pragma once

#include <string>
#include <vector>

#include "moestro/nn/cost.h"
#include "moestro/nn/forward_context.h"
#include "moestro/nn/mixing.h"
#include "moestro/nn/parameter.h"
#include "moestro/nn/trace.h"

namespace moestro {

struct ModelOutput {
  Tensor mixed_NC;  // log probabilities, logits or values (OutputKind), one row an answer
                    // (data/answers.h): a sample, or a token of a translation
  std::vector<MixtureTrace> traces;  // one a mixture layer, from the input on
};

// A mixture layer, as its traces name it.
struct MixtureName {
  std::string layer;
  int64_t experts;
};

class Model {
 public:
  virtual ~Model() = default;

  // inputs: as a batch has them (data/batches.h).
  virtual ModelOutput forward(const Tensor& inputs, const ForwardContext& context,
                              const TraceNeeds& needs) const = 0;
  virtual OutputKind output() const = 0;

  // Moves what gates do not learn by gradient, after a training step with these traces.
  virtual void after_step(const std::vector<MixtureTrace>& traces) = 0;

  virtual std::vector<MixtureName> mixture_names() const = 0;  // one a trace, in their order
  virtual std::vector<Parameter> parameters() const = 0;
  virtual std::vector<Buffer> buffers() const = 0;
  // Which kernels were chosen, a line each.
  virtual std::vector<std::string> describe() const = 0;

  // Of one sample: a text of so many tokens, of a translation as many more. What reads images and
  // tables takes no notice of them.
  virtual Cost cost(int64_t tokens) const = 0;

  int64_t parameter_count() const;
};

}  // namespace moestro
