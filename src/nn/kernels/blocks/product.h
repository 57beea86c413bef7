// The product of a block of rows with one strip, whatever the depth.
#pragma once

#include <algorithm>

#include "choice.h"
#include "row_product.h"
#include "tasks.h"

namespace moestro {

constexpr int64_t even(int64_t depth) {
  return (depth + 1) / 2 * 2;
}

// Numbers in the strip that full_product() needs.
constexpr int64_t strip_numbers(int64_t depth) {
  return even(std::min(depth, kDepthStep)) * kStrip;
}

// c [rows, kStrip] = (or +=) a times the strip of `depth` rows (even with bfloat16), by the given
// kernel. As many of c's columns as are asked for are written; rows as multiplied_rows() says.
template <class T>
void multiply_block(BlockKernel kernel, VectorPath path, const T* a, int64_t a_stride,
                    const T* strip, int64_t rows, int64_t columns, int64_t depth, bool add,
                    float* c) {
  if (kernel == BlockKernel::many_rows)
    return strip_product(a, a_stride, strip, multiplied_rows(kernel, rows), columns, depth, add, c,
                         kStrip);
  row_product(path, a, a_stride, rows, strip, columns, depth, add, c);
}

// The same for any depth, kDepthStep rows at a time: strip_at(first, depth) gives those rows of the
// strip.
template <class T, class StripAt>
void full_product(VectorPath path, const T* a, int64_t a_stride, int64_t rows, int64_t columns,
                  int64_t depth, bool add, float* c, const StripAt& strip_at) {
  for (int64_t k = 0; k < depth; k += kDepthStep) {
    const int64_t step = std::min(kDepthStep, depth - k);
    const T* strip = strip_at(k, step);
    multiply_block(block_kernel(rows), path, a + k, a_stride, strip, rows, columns,
                   sizeof(T) == 2 ? even(step) : step, add || k > 0, c);
  }
}

}  // namespace moestro
