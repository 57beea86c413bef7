// Two-dimensional convolution for every expert: weight [E, out, in, k, k], bias [E, out].
#pragma once

#include <optional>

#include "moestro/nn/layer.h"

namespace moestro {

class Conv : public Layer {
 public:
  Conv(const LayerSpec& spec, const LayerSetting& setting);
  Activations forward(const Activations& x, ExpertRange experts,
                      const ForwardContext& context) const override;
  std::vector<Parameter> parameters() const override;
  std::string describe() const override;

 private:
  LayerSpec spec_;
  int64_t experts_;
  bool shared_input_;
  Parameter weight_EOIKK_;
  std::optional<Parameter> bias_EO_;
};

}  // namespace moestro
