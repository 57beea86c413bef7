// Bias or batch norm, pooling by two and ReLU in one pass over images on a CUDA device, forward;
// two backward. One by one they read and write the images seven times, and pooling keeps eight
// bytes a window for its winner where one is enough.
#pragma once

#include "moestro/core/tensor.h"

namespace moestro {

// y = r(max over windows of 2 x 2 of z), z = x + bias, or (x - mean) rstd weight + bias with
// mean_G.
struct ChannelNorm {
  Tensor weight_G, bias_G, mean_G, rstd_G;  // float32; all but bias_G undefined for a bias alone
  bool of_batch = false;  // mean and rstd are those of x, and the gradient goes through them, too
};

// Whether pool_block() takes images of that shape, and of the type and device of `like`: on a CUDA
// device that this build has kernels for, float32 or bfloat16, an even size, channels that fill the
// vectors of a thread.
bool pool_block_fits(const Tensor& like, const Shape& images_NGHW);

// [N, G, H, W] -> [N, G, H / 2, W / 2], both channels last in memory; r: ReLU or nothing. The
// winner is that of at::max_pool2d. Between x and y all is float32.
Tensor pool_block(const Tensor& x_NGHW, const ChannelNorm& norm, bool relu);

}  // namespace moestro
