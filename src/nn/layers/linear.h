// y = x W + b for every expert: weight [E, in, out], bias [E, out].
#pragma once

#include <optional>

#include "moestro/nn/layer.h"

namespace moestro {

class Linear : public Layer {
 public:
  Linear(const LayerSpec& spec, const LayerSetting& setting);
  Activations forward(const Activations& x, ExpertRange experts,
                      const ForwardContext& context) const override;
  std::vector<Parameter> parameters() const override;
  std::string describe() const override;

 private:
  std::string way() const;

  LayerSpec spec_;
  int64_t experts_;
  bool shared_input_;
  Parameter weight_EDF_;
  std::optional<Parameter> bias_EF_;
};

}  // namespace moestro
