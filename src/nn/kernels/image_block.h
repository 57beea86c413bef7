// The first block of a convolutional network for all experts at once on a CUDA device in bfloat16:
// convolution of images with few channels, bias, pooling by two and ReLU in one pass, and one
// backward. What stands between convolution and pooling is never written: it is four times as much
// as what comes out.
#pragma once

#include "moestro/core/tensor.h"

namespace moestro {

// Whether image_block() takes images of that shape, and of the type and device of `like`, for so
// many filters (of all experts): bfloat16 on a CUDA device with matrix units for it that this build
// has kernels for; at most 3 channels, an even height, a width by 16 up to 128, filters by 64.
bool image_block_fits(const Tensor& like, const Shape& images_NCHW, int64_t filters);

// r(max over windows of 2 x 2 of x * weight + bias), * a convolution of 3 x 3 padded by one, r:
// ReLU or nothing. [N, C, H, W], float32 weight [G, C * 9] (rounded to bfloat16 as it is read) and
// bias [G] -> [N, G, H / 2, W / 2], channels last in memory. The images get no gradient.
Tensor image_block(const Tensor& x_NCHW, const Tensor& weight_GP, const Tensor& bias_G, bool relu);

}  // namespace moestro
