// Maximum over windows that do not overlap.
#pragma once

#include <cstdint>

#include "moestro/core/tensor.h"

namespace moestro {

// x: [N, C, H, W] -> [N, C, H / size, W / size], rounded down. Values and gradients are those of
// at::max_pool2d: the first of equal entries wins, row by row, and NaN wins over numbers. Windows
// of 2 x 2 on the CPU have a kernel of ours, which keeps one byte for the winner of a window
// instead of eight and is vectorised.
Tensor max_pool_windows(const Tensor& x, int64_t size);

}  // namespace moestro
