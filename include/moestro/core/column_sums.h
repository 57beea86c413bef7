#pragma once

#include "moestro/core/tensor.h"

namespace moestro {

// [N, D] -> [D]: sums over rows, also of a tall and narrow matrix on a GPU, where LibTorch leaves
// them to one block of threads.
Tensor column_sums(const Tensor& x_ND);

}  // namespace moestro
