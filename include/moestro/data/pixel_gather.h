// Images put together from the lines and columns of other images.
#pragma once

#include "moestro/core/tensor.h"

namespace moestro {

// out[b, c, i, j] = images[b, c, y[b, i], x[b, j]], and 0 where y or x is -1. images [B, C, H, W]
// of any type on any device; y_BI, x_BJ: int64, on the same device or on the CPU, below H and W.
Tensor gather_pixels(const Tensor& images, const Tensor& y_BI, const Tensor& x_BJ);

}  // namespace moestro
