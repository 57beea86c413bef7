// Decisions of padding: valid_B, bool; undefined: every row counts.
#pragma once

#include <ATen/ATen.h>

#include "moestro/core/error.h"

namespace moestro {

// What padding holds may be anything, NaN too: it is overwritten, not multiplied with 0.
inline Tensor valid_rows(const Tensor& x_BE, const Tensor& valid_B, double otherwise = 0) {
  MOESTRO_CHECK(x_BE.dim() == 2, "{} dimensions", x_BE.dim());
  if (!valid_B.defined()) return x_BE;
  return x_BE.masked_fill(valid_B.logical_not().unsqueeze(1), otherwise);
}

// How many count, at least 1: a scalar of x's type, without a word from the device.
inline Tensor decisions(const Tensor& x_BE, const Tensor& valid_B) {
  if (!valid_B.defined())
    return at::full({}, std::max<int64_t>(x_BE.size(0), 1), x_BE.options().requires_grad(false));
  return valid_B.sum().to(x_BE.scalar_type()).clamp_min(1);
}

}  // namespace moestro
