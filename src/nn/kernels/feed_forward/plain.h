// Sparse feed-forward experts composed of ATen's operators: for any device and type.
#pragma once

#include "moestro/nn/feed_forward.h"

namespace moestro {

// What stands between up and down product, over the last dimension; swiglu: [g, u] -> silu(g) * u.
Tensor activated(const Tensor& up_RF, FeedForwardKind kind);

// As sparse_feed_forward(...), of arguments that were checked.
Tensor plain_feed_forward(const Tensor& x_ND, const Tensor& experts_NK, const Tensor& weights_NK,
                          const FeedForwardWeights& experts, FeedForwardKind kind);

}  // namespace moestro
