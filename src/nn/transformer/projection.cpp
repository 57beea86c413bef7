#include "projection.h"

#include <ATen/ATen.h>

#include "../layers/stacked.h"

namespace moestro {

Projection::Projection(const LayerSetting& setting, int64_t in, int64_t out, bool bias) {
  weight_1DF_ = draw_parameter(setting, "weight", {in, out}, xavier_bound(in, out));
  if (bias) bias_1F_ = constant_parameter(setting, "bias", {out}, 0);
}

Tensor Projection::operator()(const Tensor& x_ND) const {
  const at::ScalarType type = x_ND.scalar_type();
  const Tensor weight_DF = live_one(weight_1DF_, 0, type);
  if (!bias_1F_) return at::mm(x_ND, weight_DF);
  return at::addmm(live_one(*bias_1F_, 0, type), x_ND, weight_DF);
}

std::vector<Parameter> Projection::parameters() const {
  if (!bias_1F_) return {weight_1DF_};
  return {weight_1DF_, *bias_1F_};
}

LayerSetting part_of(const LayerSetting& setting, const std::string& part) {
  LayerSetting inner = setting;
  inner.name += "." + part;
  return inner;
}

}  // namespace moestro
