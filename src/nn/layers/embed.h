// Learned vectors of a table's categorical columns: weight [E, W, F], a row for each of the W
// one-hot inputs.
#pragma once

#include <vector>

#include "moestro/nn/layer.h"

namespace moestro {

class Embed : public Layer {
 public:
  Embed(const LayerSpec& spec, const LayerSetting& setting);
  Activations forward(const Activations& x, ExpertRange experts,
                      const ForwardContext& context) const override;
  std::vector<Parameter> parameters() const override { return {weight_EWF_}; }
  std::string describe() const override;

 private:
  Tensor rows_of_table(const Tensor& x_ND) const;
  Tensor numbers(const Tensor& x_ND) const;

  LayerSpec spec_;
  int64_t experts_;
  std::vector<InputSpan> numbers_;  // between and beside the categorical columns
  Parameter weight_EWF_;
};

}  // namespace moestro
