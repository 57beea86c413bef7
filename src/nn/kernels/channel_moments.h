// Mean and biased variance of every channel of images on a CUDA device, in float32; LibTorch's own
// statistics take about twice as long where channels stand last in memory.
#pragma once

#include "moestro/core/tensor.h"

namespace moestro {

struct Moments {
  Tensor mean_G, variance_G;
};

// Of images [N, G, H, W] that pool_block_fits() takes; no gradient passes.
Moments channel_moments(const Tensor& x_NGHW);

}  // namespace moestro
