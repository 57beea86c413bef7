// The differentiable function over the kernels.
#pragma once

#include "layer.h"

namespace moestro {

// As sparse_feed_forward(...), by the kernels: float32 or bfloat16 on the CPU, checked arguments.
Tensor block_feed_forward(const Tensor& x_ND, const Tensor& experts_NK, const Tensor& weights_NK,
                          const FeedForwardWeights& experts, FeedForwardKind kind,
                          Arithmetic arithmetic);

}  // namespace moestro
