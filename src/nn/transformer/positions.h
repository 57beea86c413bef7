// Where a token stands, told to a Transformer.
#pragma once

#include "moestro/core/tensor.h"

namespace moestro {

// Of `length` places t from `first` on, [length, D], D even: sin(t / 10000^(2 i / D)) in the first
// half of the columns, cosines in the second (Vaswani et al. 2017, 3.5, columns in another order).
// float64.
Tensor sinusoids(int64_t first, int64_t length, int64_t width, c10::Device device);

// The angles of `length` places from `first` on: [length, d / 2], float64, d a head's width, even.
Tensor rotary_angles(int64_t first, int64_t length, int64_t head_width, c10::Device device);

// x_BHTd turned: halves (a, b) of the last dimension become (a cos - b sin, b cos + a sin), column
// i by the angle t / 10000^(2 i / d) of its place (Su et al. 2021, eq. 34, columns in the order of
// Llama's).
Tensor rotated(const Tensor& x_BHTd, const Tensor& angles_Td);

}  // namespace moestro
