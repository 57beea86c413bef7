// Dropout: each entry is zero with probability p, else multiplied with 1 / (1 - p). The noise of an
// expert is keyed by (seed, layer, step, expert): the same whatever E is. Off in evaluation and for
// frozen experts.
#pragma once

#include "moestro/nn/layer.h"

namespace moestro {

// Factors 0 and 1 / (1 - p) keyed by (seed, name, step), drawn in order, on the device of
// `options`.
Tensor dropout_factor(const Shape& shape, const at::TensorOptions& options, double p,
                      const std::string& name, const ForwardContext& context);

// x with dropout whose noise is keyed by (seed, name, step): outside any bank.
Tensor with_dropout(const Tensor& x, double p, const std::string& name,
                    const ForwardContext& context);

class Dropout : public Layer {
 public:
  Dropout(const LayerSpec& spec, const LayerSetting& setting);
  Activations forward(const Activations& x, ExpertRange experts,
                      const ForwardContext& context) const override;
  std::string describe() const override { return spec_.text; }

 private:
  LayerSpec spec_;
  std::string name_;
  std::shared_ptr<const FreezeMask> frozen_;
};

}  // namespace moestro
