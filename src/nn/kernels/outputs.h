// What the kernels over experts' outputs [N, K, C] share.
#pragma once

#include <algorithm>

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>

#include "expert_outputs.h"
#include "moestro/core/tensor.h"
#include "vector_path.h"

namespace moestro {

inline MixShape shape_of(const Tensor& out_NKC) {
  return {out_NKC.size(0), out_NKC.size(1), out_NKC.size(2)};
}

inline MixPlaces places_of(const Tensor& out_NKC) {
  return {out_NKC.stride(0), out_NKC.stride(1), out_NKC.stride(2)};
}

// Without holes or overlaps, so that one like it has the same strides.
inline Tensor without_holes(const Tensor& x) {
  return x.is_non_overlapping_and_dense() ? x : x.contiguous();
}

// Results do not depend on the number of threads.
template <class Code>
void for_blocks(const MixShape& shape, VectorPath path, const Code& code) {
  constexpr int64_t values_worth_a_thread = 4096;
  const int64_t lanes = lane_count(path), values = lanes * shape.experts * shape.classes;
  at::parallel_for(0, shape.blocks(lanes), std::max<int64_t>(1, values_worth_a_thread / values),
                   code);
}

}  // namespace moestro
