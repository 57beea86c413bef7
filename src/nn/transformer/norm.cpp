#include "norm.h"

#include <ATen/ATen.h>

#include "../layers/stacked.h"

namespace moestro {

Norm::Norm(NormKind kind, const LayerSetting& setting, int64_t width, double epsilon)
    : kind_(kind),
      epsilon_(epsilon),
      weight_1D_(constant_parameter(setting, "weight", {width}, 1)) {
  if (kind == NormKind::layer) bias_1D_ = constant_parameter(setting, "bias", {width}, 0);
}

Tensor Norm::operator()(const Tensor& x) const {
  const at::ScalarType type = x.scalar_type();
  const Tensor weight_D = live_one(weight_1D_, 0, type);
  if (kind_ == NormKind::rms) return at::rms_norm(x, weight_D.sizes(), weight_D, epsilon_);
  return at::layer_norm(x, weight_D.sizes(), weight_D, live_one(bias_1D_, 0, type), epsilon_);
}

std::vector<Parameter> Norm::parameters() const {
  if (kind_ == NormKind::rms) return {weight_1D_};
  return {weight_1D_, bias_1D_};
}

}  // namespace moestro
