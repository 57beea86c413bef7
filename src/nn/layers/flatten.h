// Images become rows: [N, E * C, H, W] -> [E, N, C * H * W].
#pragma once

#include "moestro/nn/layer.h"
#include "stacked.h"

namespace moestro {

class Flatten : public Layer {
 public:
  Activations forward(const Activations& x, ExpertRange, const ForwardContext&) const override {
    return flattened(x);
  }
  std::string describe() const override { return "flatten"; }
};

}  // namespace moestro
