// relu, gelu, tanh, sigmoid: entry by entry, so that the expert axis does not matter.
#pragma once

#include "moestro/nn/layer.h"

namespace moestro {

class Activation : public Layer {
 public:
  explicit Activation(const LayerSpec& spec) : spec_(spec) {}
  Activations forward(const Activations& x, ExpertRange experts,
                      const ForwardContext& context) const override;
  std::string describe() const override { return spec_.text; }

 private:
  LayerSpec spec_;
};

}  // namespace moestro
