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

ProductWay best_product_way(const FeedForwardWeights& experts) {
  const Tensor& up_EDF = experts.up_EDF;
  const bool fits = up_EDF.is_cuda() && up_EDF.scalar_type() == at::kBFloat16 &&
                    fits_grouped_product(up_EDF) && fits_grouped_product(experts.down_EFD);
  return fits ? ProductWay::grouped : ProductWay::looped;
}

Tensor plain_feed_forward(const Tensor& x_ND, const Tensor& experts_NK, const Tensor& weights_NK,
                          const FeedForwardWeights& experts, FeedForwardKind kind, ProductWay way,
                          const Tensor& factor_NKF) {
  if (experts_NK.numel() == 0) way = ProductWay::looped;  // at::_grouped_mm takes no empty matrix
  const SortedRows rows =
      sort_rows(experts_NK, experts.up_EDF.size(0), /*ends_on_host=*/way == ProductWay::looped);
  const Tensor x_RD = rows_of_tokens(x_ND, rows);
  const Tensor up_RF = expert_product(x_RD, experts.up_EDF, experts.up_bias_EF, rows, way);
  Tensor hidden_RF = activated(up_RF, kind);
  if (factor_NKF.defined())
    hidden_RF = hidden_RF * factor_NKF.flatten(0, 1).index_select(0, rows.place_R);
  const Tensor out_RD =
      expert_product(hidden_RF, experts.down_EFD, experts.down_bias_ED, rows, way);
  // Whatever weight an empty choice has, NaN included, counts nowhere.
  return tokens_of_rows(out_RD, weights_NK.masked_fill(experts_NK.eq(-1), 0), rows);
}

}  // namespace moestro
