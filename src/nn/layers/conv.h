// Two-dimensional convolution for every expert: weight [E, out, in, k, k], bias [E, out].
#pragma once

#include <optional>

#include "moestro/nn/layer.h"

namespace moestro {

// Filters of several experts, one after the other.
struct Filters {
  Tensor weight_GP;  // P = in * k * k
  Tensor bias_G;
};

// 3 x 3, of stride 1, padded by one: what our kernels for a GPU compute.
bool keeps_size(const LayerSpec& conv);

class Conv : public Layer {
 public:
  Conv(const LayerSpec& spec, const LayerSetting& setting);
  Activations forward(const Activations& x, ExpertRange experts,
                      const ForwardContext& context) const override;
  std::vector<Parameter> parameters() const override;
  std::string describe() const override;

  // As forward(), without the bias; what is missing then, in float32 (undefined: nothing).
  Tensor without_bias(const Activations& x, ExpertRange experts) const;
  Tensor bias_G(ExpertRange experts) const;

  // In float32; a bias that the layer does not have is zero.
  Filters filters(ExpertRange experts) const;
  int64_t experts() const { return experts_; }
  bool shares_input() const { return shared_input_; }

 private:
  // Whether our own kernel takes it.
  bool side_by_side(const Activations& x) const;
  Tensor convolved(const Activations& x, ExpertRange experts,
                   const std::optional<Tensor>& bias_G) const;

  LayerSpec spec_;
  int64_t experts_;
  bool shared_input_;
  Parameter weight_EOIKK_;
  std::optional<Parameter> bias_EO_;
};

}  // namespace moestro
