// Where a token stands, told to a Transformer.
#pragma once

#include <c10/core/TensorOptions.h>

#include "moestro/core/tensor.h"

namespace moestro {

// Of `length` places t from `first` on, [length, D], D even: sin(t / 10000^(2 i / D)) in the first
// half of the columns, cosines in the second (Vaswani et al. 2017, 3.5, columns in another order).
// float64.
Tensor sinusoids(int64_t first, int64_t length, int64_t width, c10::Device device);

// For `length` places from `first` on, [length, d], d a head's width, even: cosines of the angles
// t / 10000^(2 i / d), then their sines.
Tensor rotary_turns(int64_t first, int64_t length, int64_t head_width, at::TensorOptions options);

// x, whose last dimension is a head's width, turned: its halves (a, b) become (a cos - b sin,
// b cos + a sin) (Su et al. 2021, eq. 34, columns in the order of Llama's). Turns [..., d]
// broadcast.
Tensor rotated(const Tensor& x, const Tensor& turns);

}  // namespace moestro
