// Sparse feed-forward experts composed of ATen's operators: for any device and type.
#pragma once

#include "moestro/nn/feed_forward.h"

namespace moestro {

// As sparse_feed_forward(...), of arguments that were checked.
Tensor plain_feed_forward(const Tensor& x_ND, const Tensor& experts_NK, const Tensor& weights_NK,
                          const FeedForwardWeights& experts, FeedForwardKind kind);

}  // namespace moestro
