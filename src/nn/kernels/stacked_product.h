// Linear layers of every expert at once.
#pragma once

#include "moestro/core/tensor.h"

namespace moestro {

// x_END W_EDF + b_EF -> [E, N, F]; bias_EF may be undefined. Differentiable in all three. Float32
// on the CPU: blocks that stay in a core's own cache are multiplied with oneDNN's kernels, which
// takes 5 to 12 per cent less time than a batched product of large matrices.
Tensor stacked_product(const Tensor& x_END, const Tensor& weight_EDF, const Tensor& bias_EF);

// Measured with gradients (benchmarks/products.cpp): below these, packing takes what it saves.
inline constexpr int64_t kStackedLeastRows = 64, kStackedLeastDepth = 256, kStackedLeastWidth = 128;

// Whether it is the fastest way for these operands, and for enough rows of this layer.
bool stacked_product_pays(const Tensor& x_END, const Tensor& weight_EDF);
bool stacked_product_pays(int64_t depth, int64_t width);

}  // namespace moestro
