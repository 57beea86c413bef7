// Maximum or mean over windows that do not overlap; what is left over at the edges is dropped.
#pragma once

#include "moestro/nn/layer.h"

namespace moestro {

class Pool : public Layer {
 public:
  explicit Pool(const LayerSpec& spec) : spec_(spec) {}
  Activations forward(const Activations& x, ExpertRange experts,
                      const ForwardContext& context) const override;
  std::string describe() const override;

 private:
  LayerSpec spec_;
};

}  // namespace moestro
