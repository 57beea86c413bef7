// Distances of pairs as one would write them down, and small tables.
#pragma once

#include <vector>

#include <ATen/ATen.h>

#include "moestro/core/tensor.h"

namespace moestro::testing {

inline Tensor table(std::vector<double> values, int64_t columns) {
  return at::tensor(values, at::kDouble).view({-1, columns});
}

// D itself, of a matrix that only its symmetric part is read of.
inline Tensor symmetric(const Tensor& distance_BB) {
  return (distance_BB + distance_BB.t()) / 2;
}

// |x(b) - x(b')|, or 1 - cos, by a loop over pairs in float64.
inline Tensor pair_distances(const Tensor& x, bool cosine = false) {
  const Tensor x_BD = x.flatten(1).to(at::kDouble);
  Tensor out_BB = at::zeros({x.size(0), x.size(0)}, at::kDouble);
  for (int64_t a = 0; a < x.size(0); ++a)
    for (int64_t b = 0; b < x.size(0); ++b) {
      if (a == b) continue;
      const Tensor product = (x_BD[a] * x_BD[b]).sum();
      out_BB[a][b] =
          cosine ? 1 - product / (x_BD[a].norm() * x_BD[b].norm()) : (x_BD[a] - x_BD[b]).norm();
    }
  return out_BB;
}

}  // namespace moestro::testing
