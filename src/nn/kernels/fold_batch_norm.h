// Batch norm over the outputs of a convolution as a change of its filters.
#pragma once

#include "conv_pool.h"

namespace moestro {

struct FoldedBatchNorm {
  Tensor weight_GP, bias_G;   // float32
  Tensor mean_G, variance_G;  // of the outputs, biased, in double; without gradients
};

// w' = s w and b' = shift - s w^T m, with s = scale / sqrt(w^T C w + epsilon) and the mean m and
// the covariance C of the inputs: what normalising the convolution's outputs by their own
// statistics, then scale and shift, comes to. The convolution's bias does not matter and gets a
// gradient of zero. Differentiable in the float32 arguments; computed in double, since a filter
// that sums to zero leaves little of what it weighs.
FoldedBatchNorm fold_batch_norm(const Tensor& weight_GP, const Tensor& bias_G,
                                const Tensor& scale_G, const Tensor& shift_G,
                                const PatchMoments& moments, double epsilon);

}  // namespace moestro
