#pragma once

#include <cmath>

#include <ATen/ATen.h>

namespace moestro {

// Bits, over the last dimension; 0 log 0 = 0.
inline Tensor entropy_bits(const Tensor& probs) {
  return at::special_entr(probs).sum(-1) / std::log(2.0);
}

}  // namespace moestro
