#include "layer.h"

#include <ATen/ATen.h>

#include "../blocks/tasks.h"

namespace moestro {
namespace {

int64_t padded(int64_t columns) {
  return round_up(columns, 16);
}

Tensor padded_bias(const Tensor& bias, int64_t parts) {
  if (!bias.defined()) return {};
  const Tensor bias_EPF = bias.detach().to(at::kFloat).reshape({bias.size(0), parts, -1});
  const int64_t columns = bias_EPF.size(2);
  return at::constant_pad_nd(bias_EPF, {0, padded(columns) - columns}).contiguous();
}

}  // namespace

Arithmetic best_arithmetic() {
  return {best_vector_path(), has_bfloat16_products()};
}

SparseLayerShape::SparseLayerShape(const FeedForwardWeights& weights, FeedForwardKind kind)
    : experts(weights.up_EDF.size(0)),
      width(weights.up_EDF.size(1)),
      hidden(weights.down_EFD.size(1)),
      parts(kind == FeedForwardKind::swiglu ? 2 : 1),
      padded_width(padded(width)),
      padded_hidden(padded(hidden)) {}

SparseLayer::SparseLayer(const FeedForwardWeights& given, FeedForwardKind kind,
                         Arithmetic arithmetic)
    : weights{given.up_EDF.contiguous(), given.down_EFD.contiguous(), given.up_bias_EF,
              given.down_bias_ED},
      kind(kind),
      shape(given, kind),
      arithmetic(arithmetic),
      up_bias_EF(padded_bias(given.up_bias_EF, shape.parts)),
      down_bias_ED(padded_bias(given.down_bias_ED, 1)) {}

Tensor routed_weights(const Tensor& weights_NK, const RoutedRows& routed) {
  const Tensor flat_M = weights_NK.detach().to(at::kFloat).contiguous();
  const float* flat = flat_M.const_data_ptr<float>();
  Tensor weights_M = at::empty({routed.count()}, flat_M.options());
  float* weights = weights_M.mutable_data_ptr<float>();
  for (int64_t m = 0; m < routed.count(); ++m) weights[m] = flat[routed.place_M[m]];
  return weights_M;
}

}  // namespace moestro
