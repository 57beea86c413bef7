#include "linear.h"

#include <cmath>

#include <ATen/ATen.h>

#include "../kernels/narrow_product.h"
#include "../kernels/stacked_product.h"
#include "moestro/core/error.h"
#include "stacked.h"

namespace moestro {
namespace {

// Shared rows meet all experts in one product of width E * F.
Tensor product_of_shared(const Tensor& x_ND, const Tensor& weight_EDF, const Tensor& bias_EF) {
  const int64_t experts = weight_EDF.size(0), in = weight_EDF.size(1), out = weight_EDF.size(2);
  const Tensor weight_DG = weight_EDF.transpose(0, 1).reshape({in, experts * out});
  const Tensor out_NG = bias_EF.defined() ? at::addmm(bias_EF.reshape({-1}), x_ND, weight_DG)
                                          : at::mm(x_ND, weight_DG);
  return out_NG.view({x_ND.size(0), experts, out}).transpose(0, 1);
}

bool is_narrow(const Tensor& x_END, int64_t out) {
  return out <= kNarrowWidth && x_END.is_cpu() && x_END.element_size() >= 4;
}

}  // namespace

Linear::Linear(const LayerSpec& spec, const LayerSetting& setting)
    : spec_(spec), experts_(setting.experts), shared_input_(setting.shared_input) {
  const int64_t in = spec.in.at(0);
  const double bound = 1 / std::sqrt(static_cast<double>(in));
  weight_EDF_ = draw_parameter(setting, "weight", {in, spec.size}, bound);
  if (spec.bias) bias_EF_ = draw_parameter(setting, "bias", {spec.size}, bound);
}

Activations Linear::forward(const Activations& x, ExpertRange experts,
                            const ForwardContext&) const {
  MOESTRO_CHECK(!x.images, "{}: images arrive", weight_EDF_.name);
  const at::ScalarType type = x.value.scalar_type();
  const Tensor weight_EDF = live(weight_EDF_, experts, type);
  const Tensor bias_EF = bias_EF_ ? live(*bias_EF_, experts, type) : Tensor();
  Tensor out_ENF;
  if (x.experts == experts.count && stacked_product_pays(x.value, weight_EDF))
    out_ENF = stacked_product(x.value, weight_EDF, bias_EF);
  else if (x.experts == 1)
    out_ENF = product_of_shared(x.value[0], weight_EDF, bias_EF);
  else if (is_narrow(x.value, spec_.size))
    out_ENF = narrow_product(x.value, weight_EDF, bias_EF);
  else if (bias_EF.defined())
    out_ENF = at::baddbmm(bias_EF.unsqueeze(1), x.value, weight_EDF);
  else
    out_ENF = at::bmm(x.value, weight_EDF);
  return {out_ENF, experts.count, false};
}

std::vector<Parameter> Linear::parameters() const {
  if (!bias_EF_) return {weight_EDF_};
  return {weight_EDF_, *bias_EF_};
}

std::string Linear::describe() const {
  return fmt::format("{}: one {} for {} expert{}, {}", spec_.text,
                     shared_input_ ? "product" : "batched product", experts_,
                     experts_ == 1 ? "" : "s", way());
}

// What forward() does with all experts, and why.
std::string Linear::way() const {
  if (shared_input_ && experts_ > 1) return "since they share their rows";
  if (stacked_product_pays(values_of(spec_.in), spec_.size))
    return fmt::format(
        "in blocks from {} rows on (CPU, float32), since {} inputs and {} outputs or more pay for "
        "packing them",
        kStackedLeastRows, kStackedLeastDepth, kStackedLeastWidth);
  if (!shared_input_ && spec_.size <= kNarrowWidth)
    return fmt::format("transposed on the CPU, since {} outputs or fewer do not fill a vector",
                       kNarrowWidth);
  return fmt::format("since blocks pay from {} inputs and {} outputs on", kStackedLeastDepth,
                     kStackedLeastWidth);
}

}  // namespace moestro
