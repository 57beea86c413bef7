#include "plain.h"

#include <ATen/ATen.h>

namespace moestro {

Tensor activated(const Tensor& up_RF, FeedForwardKind kind) {
  switch (kind) {
    case FeedForwardKind::relu:
      return at::relu(up_RF);
    case FeedForwardKind::gelu:
      return at::gelu(up_RF);
    case FeedForwardKind::swiglu:
      break;
  }
  const auto halves = up_RF.chunk(2, -1);
  return at::silu(halves[0]) * halves[1];
}

namespace {

Tensor product(const Tensor& x_RD, const Tensor& weight_DF, const Tensor& bias_EF, int64_t e) {
  return bias_EF.defined() ? at::addmm(bias_EF[e], x_RD, weight_DF) : at::mm(x_RD, weight_DF);
}

}  // namespace

Tensor plain_feed_forward(const Tensor& x_ND, const Tensor& experts_NK, const Tensor& weights_NK,
                          const FeedForwardWeights& experts, FeedForwardKind kind) {
  // Half types are summed over k in float32, as they are inside a product.
  const at::ScalarType sum_type = at::promote_types(x_ND.scalar_type(), at::kFloat);
  Tensor y_ND = at::zeros(x_ND.sizes(), x_ND.options().dtype(sum_type));
  const auto up_E = experts.up_EDF.unbind(), down_E = experts.down_EFD.unbind();
  for (size_t e = 0; e < up_E.size(); ++e) {
    const auto places = at::where(experts_NK == static_cast<int64_t>(e));
    const Tensor x_RD = x_ND.index_select(0, places[0]);
    const Tensor h_RF = activated(product(x_RD, up_E[e], experts.up_bias_EF, e), kind);
    const Tensor out_RD = product(h_RF, down_E[e], experts.down_bias_ED, e).to(sum_type);
    const Tensor weights_R = weights_NK.index({places[0], places[1]}).to(sum_type);
    y_ND = y_ND.index_add(0, places[0], out_RD * weights_R.unsqueeze(1));
  }
  return y_ND.to(x_ND.scalar_type());
}

}  // namespace moestro
