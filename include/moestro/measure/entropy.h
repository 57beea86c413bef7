// Shannon entropy of distributions.
#pragma once

#include <cmath>

#include <ATen/ATen.h>

namespace moestro {

// [..., E] -> [...]: bits, over the last dimension; 0 log 0 = 0. In the type of probs.
inline Tensor entropy_bits(const Tensor& probs) {
  return at::special_entr(probs).sum(-1) / std::log(2.0);
}

}  // namespace moestro
