// Convolution, relu and maximum over windows of 2 x 2 in one pass, for images of few channels that
// all filters share and nobody asks the gradient of: the first layers of every expert and gate.
// Float32 on the CPU. The convolution's output is never stored: a window costs one float, and one
// byte for the way back.
#pragma once

#include "conv_pool_kernel.h"
#include "moestro/core/tensor.h"

namespace moestro {

// Images with blocks of samples innermost, ready for convolutions of one kernel and padding.
struct ImageLanes {
  VectorPath path;
  ConvPoolShape shape;  // filters = 0
  Tensor lanes;
};
ImageLanes image_lanes(const Tensor& x_NCHW, int64_t kernel, int64_t pad,
                       VectorPath path = best_vector_path());

// weight [G, ...] of C * K * K values a filter, bias_G -> [N, G, H', W']; or, with the G filters
// belonging to `experts` > 0 of them in turn, flattened rows [E, N, G / E * H' * W'].
// Differentiable in weight and bias. Values and gradients are those of at::conv2d, at::max_pool2d
// and at::relu in turn.
Tensor conv_pool(const ImageLanes& images, const Tensor& weight, const Tensor& bias_G, bool relu,
                 int64_t experts = 0);

// Mean and biased covariance, in double, of the P = C * K * K inputs of a convolution over all
// samples and positions. A convolution being linear, w^T m + b and w^T C w are the mean and the
// variance of its outputs: batch norm needs no look at them.
struct PatchMoments {
  Tensor mean_P, covariance_PP;
  int64_t count;  // of positions
};
PatchMoments patch_moments(const ImageLanes& images);

}  // namespace moestro
