#include "moestro/nn/feed_forward.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "kernels/blocks/choice.h"
#include "kernels/feed_forward/cut.h"
#include "kernels/feed_forward/function.h"
#include "kernels/feed_forward/plain.h"
#include "kernels/feed_forward/routed_rows.h"
#include "moestro/core/error.h"

namespace moestro {
namespace {

void check_shape(const char* name, const Tensor& tensor, const Shape& expected) {
  if (tensor.sizes() != at::IntArrayRef(expected))
    throw UserError("{} of shape {}; expected {}", name, shape_text(tensor.sizes().vec()),
                    shape_text(expected));
}

void check_type(const char* name, const Tensor& tensor, const Tensor& like, const char* of) {
  if (tensor.scalar_type() != like.scalar_type() || tensor.device() != like.device())
    throw UserError("{} is {} on {}; expected {} on {}, as {}", name,
                    c10::toString(tensor.scalar_type()), tensor.device().str(),
                    c10::toString(like.scalar_type()), like.device().str(), of);
}

void check_weights(const FeedForwardWeights& experts, FeedForwardKind kind) {
  const Tensor &up_EDF = experts.up_EDF, &down_EFD = experts.down_EFD;
  if (up_EDF.dim() != 3 || down_EFD.dim() != 3)
    throw UserError("weights of shapes {} and {}; expected [E, D, F] and [E, F, D]",
                    shape_text(up_EDF.sizes().vec()), shape_text(down_EFD.sizes().vec()));
  if (up_EDF.numel() == 0 || down_EFD.numel() == 0)
    throw UserError("weights of shapes {} and {}; expected at least one expert, row and column",
                    shape_text(up_EDF.sizes().vec()), shape_text(down_EFD.sizes().vec()));
  const int64_t parts = kind == FeedForwardKind::swiglu ? 2 : 1;
  const int64_t count = up_EDF.size(0), width = up_EDF.size(1), hidden = down_EFD.size(1);
  check_shape("up_EDF", up_EDF, {count, width, parts * hidden});
  check_shape("down_EFD", down_EFD, {count, hidden, width});
  check_type("down_EFD", down_EFD, up_EDF, "up_EDF");
  if (experts.up_bias_EF.defined()) {
    check_shape("up_bias_EF", experts.up_bias_EF, {count, parts * hidden});
    check_type("up_bias_EF", experts.up_bias_EF, up_EDF, "up_EDF");
  }
  if (experts.down_bias_ED.defined()) {
    check_shape("down_bias_ED", experts.down_bias_ED, {count, width});
    check_type("down_bias_ED", experts.down_bias_ED, up_EDF, "up_EDF");
  }
}

void check_rows(const Tensor& x_ND, const Tensor& experts_NK, const Tensor& weights_NK,
                int64_t width, const Tensor& like) {
  if (x_ND.dim() != 2 || experts_NK.dim() != 2)
    throw UserError("rows of shape {} sent to experts of shape {}; expected [N, D] and [N, K]",
                    shape_text(x_ND.sizes().vec()), shape_text(experts_NK.sizes().vec()));
  check_shape("x_ND", x_ND, {x_ND.size(0), width});
  check_shape("experts_NK", experts_NK, {x_ND.size(0), experts_NK.size(1)});
  check_shape("weights_NK", weights_NK, {x_ND.size(0), experts_NK.size(1)});
  check_type("x_ND", x_ND, like, "the weights");
  for (const Tensor& decision : {experts_NK, weights_NK})
    if (decision.device() != x_ND.device())
      throw UserError("a routing on {}; expected {}, as x_ND", decision.device().str(),
                      x_ND.device().str());
  if (experts_NK.scalar_type() != at::kLong)
    throw UserError("experts_NK is {}; expected Long", c10::toString(experts_NK.scalar_type()));
  if (!at::isFloatingType(weights_NK.scalar_type()))
    throw UserError("weights_NK is {}; expected a floating-point type",
                    c10::toString(weights_NK.scalar_type()));
}

bool has_kernels(const Tensor& weights) {
  return weights.is_cpu() &&
         (weights.scalar_type() == at::kFloat || weights.scalar_type() == at::kBFloat16);
}

std::string describe_plain(const FeedForwardWeights& experts) {
  const Tensor& up_EDF = experts.up_EDF;
  const std::string what =
      fmt::format("{} on {}", c10::toString(up_EDF.scalar_type()), up_EDF.device().str());
  if (best_product_way(experts) == ProductWay::grouped)
    return fmt::format("at::_grouped_mm of {} over sorted rows: the host waits for nothing", what);
  const char* why = "no kernels for them";
  if (up_EDF.is_cuda()) why = "LibTorch has a grouped kernel for BFloat16 alone";
  if (up_EDF.is_cuda() && up_EDF.scalar_type() == at::kBFloat16)
    why = "LibTorch's grouped kernel takes widths of whole 8 and fewer than 1024 experts";
  return fmt::format("ATen's products of {}, expert by expert, over sorted rows: {}", what, why);
}

}  // namespace

// The layer's weights are there where they are not packed: for what has no kernels.
struct PackedFeedForward::Packed {
  SparseLayer layer;
  Tensor like;  // an empty tensor of the weights' type
};

Tensor sparse_feed_forward(const Tensor& x_ND, const Tensor& experts_NK, const Tensor& weights_NK,
                           const FeedForwardWeights& experts, FeedForwardKind kind,
                           const Tensor& factor_NKF) {
  check_weights(experts, kind);
  check_rows(x_ND, experts_NK, weights_NK, experts.up_EDF.size(1), experts.up_EDF);
  if (factor_NKF.defined())
    check_shape("factor_NKF", factor_NKF,
                {x_ND.size(0), experts_NK.size(1), experts.down_EFD.size(1)});
  if (factor_NKF.defined() || !has_kernels(x_ND))
    return plain_feed_forward(x_ND, experts_NK, weights_NK, experts, kind,
                              best_product_way(experts), factor_NKF);
  return block_feed_forward(x_ND, experts_NK, weights_NK, experts, kind, best_arithmetic());
}

std::string describe_feed_forward(const FeedForwardWeights& experts) {
  const Tensor& up_EDF = experts.up_EDF;
  const char* type = c10::toString(up_EDF.scalar_type());
  if (!has_kernels(up_EDF)) return describe_plain(experts);
  const Arithmetic arithmetic = best_arithmetic();
  const bool converted = up_EDF.scalar_type() == at::kBFloat16 && !arithmetic.bfloat16_products;
  return fmt::format(
      "grouped product of {}: up to {} rows of an expert by {} code, since reading the weights "
      "takes the time; more by oneDNN's kernels{}, at most {} at a time",
      type, kMostFewRows, path_name(arithmetic.vectors),
      converted ? " of float32, there being none of its own" : "", kBlockRows);
}

PackedFeedForward::PackedFeedForward(const FeedForwardWeights& experts, FeedForwardKind kind) {
  check_weights(experts, kind);
  const c10::NoGradGuard no_gradients;
  auto packed = std::make_shared<Packed>(
      Packed{SparseLayer(experts, kind, best_arithmetic()), experts.up_EDF.new_empty({0})});
  if (has_kernels(packed->like)) {
    packed->layer.packed = pack_weights(packed->layer);
    packed->layer.weights = {};
  }
  packed_ = packed;
}

Tensor PackedFeedForward::forward(const Tensor& x_ND, const Tensor& experts_NK,
                                  const Tensor& weights_NK) const {
  const c10::NoGradGuard no_gradients;
  const SparseLayer& layer = packed_->layer;
  check_rows(x_ND, experts_NK, weights_NK, layer.shape.width, packed_->like);
  if (!has_kernels(x_ND))
    return plain_feed_forward(x_ND, experts_NK, weights_NK, layer.weights, layer.kind,
                              best_product_way(layer.weights));
  const RoutedRows routed = route_rows(experts_NK, layer.shape.experts);
  return forward_blocks(layer, x_ND.contiguous(), routed_weights(weights_NK, routed), routed,
                        nullptr);
}

}  // namespace moestro
