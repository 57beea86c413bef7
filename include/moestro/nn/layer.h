// One layer of E networks of the same shape, run over the expert axis at once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "moestro/nn/forward_context.h"
#include "moestro/nn/layer_spec.h"
#include "moestro/nn/parameter.h"

namespace moestro {

// What flows between layers.
//   rows:   [E, N, D]
//   images: [N, E * C, H, W], the channels of expert 0 first: what one convolution makes for all
//           experts of shared pixels, and what pooling and batch norm can work on as it is
// experts = 1 while all experts still share the value (the input of the network).
struct Activations {
  Tensor value;
  int64_t experts = 1;
  bool images = false;
};

// The experts [first, first + count) that a pass computes; all of them, or one.
struct ExpertRange {
  int64_t first = 0, count = 0;
};

class Layer {
 public:
  virtual ~Layer() = default;
  virtual Activations forward(const Activations& x, ExpertRange experts,
                              const ForwardContext& context) const = 0;
  virtual std::vector<Parameter> parameters() const { return {}; }
  virtual std::vector<Buffer> buffers() const { return {}; }
  // Which kernel was picked and why, for --verbose: "conv 1 3: one convolution for 5 experts".
  virtual std::string describe() const = 0;
};

struct LayerSetting {
  std::string name;                          // "experts.0": tensors are "experts.0.weight", ...
  int64_t experts = 1;                       // E
  uint64_t seed = 0;                         // draws keyed by (seed, init, tensor name, expert)
  std::shared_ptr<const FreezeMask> frozen;  // E flags; null: none is frozen
  bool shared_input = false;                 // nothing before it tells the experts apart
};

// As PyTorch's: added to the variance; a batch's weight in the running statistics.
constexpr double kBatchNormEpsilon = 1e-5, kBatchNormMomentum = .1;

// PyTorch's default initialisation: uniform in +-1/sqrt(fan-in) for weights and biases.
std::unique_ptr<Layer> make_layer(const LayerSpec& spec, const LayerSetting& setting);

}  // namespace moestro
