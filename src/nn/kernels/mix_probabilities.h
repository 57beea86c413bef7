// The likelihood of a mixture and its gradient, each in one pass over the experts' outputs.
#pragma once

#include "mix_kernel.h"
#include "moestro/core/tensor.h"

namespace moestro {

// out_NKC, weights_NK in float32 on the CPU -> log sum_k w_k softmax(o_k), [N, C], in log space.
// Differentiable in both; a weight of exactly 0 gets no gradient. The gradient of out has its
// layout in memory, whatever that is.
Tensor mix_probabilities(const Tensor& out_NKC, const Tensor& weights_NK,
                         VectorPath path = best_vector_path());

}  // namespace moestro
