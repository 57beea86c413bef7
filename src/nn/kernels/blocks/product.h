// The product of a block of rows with one strip, whatever the depth.
#pragma once

#include <algorithm>

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

// c [rows, kStrip] = (or +=) a times the strip, kDepthStep rows at a time: strip_at(first, depth)
// gives those rows of it. As many of c's columns as are asked for are written; rows as
// multiplied_rows() says.
template <class T, class StripAt>
void full_product(VectorPath path, const T* a, int64_t a_stride, int64_t rows, int64_t columns,
                  int64_t depth, bool add, float* c, const StripAt& strip_at) {
  for (int64_t k = 0; k < depth; k += kDepthStep) {
    const int64_t step = std::min(kDepthStep, depth - k);
    const T* strip = strip_at(k, step);
    const int64_t read = sizeof(T) == 2 ? even(step) : step;
    if (rows == 1)
      row_product(path, a + k, strip, columns, read, add || k > 0, c);
    else
      strip_product(a + k, a_stride, strip, multiplied_rows(rows), columns, read, add || k > 0, c,
                    kStrip);
  }
}

}  // namespace moestro
