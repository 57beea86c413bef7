// Sparse feed-forward experts composed of ATen's operators: for any device and type.
#pragma once

#include "expert_product.h"
#include "moestro/nn/feed_forward.h"

namespace moestro {

// The way that is taken: grouped where LibTorch has a kernel for it, and not a loop of its own that
// reads the ends once a product: bfloat16 on CUDA.
ProductWay best_product_way(const FeedForwardWeights& experts);

// As sparse_feed_forward(...), of arguments that were checked but for the range of experts_NK,
// which sort_rows() checks. Rows are sorted by expert; nothing is padded, and no row is computed in
// vain.
Tensor plain_feed_forward(const Tensor& x_ND, const Tensor& experts_NK, const Tensor& weights_NK,
                          const FeedForwardWeights& experts, FeedForwardKind kind, ProductWay way,
                          const Tensor& factor_NKF = {});

}  // namespace moestro
