// The product of few rows with a strip, which is a matter of reading the strip.
#pragma once

#include <c10/util/BFloat16.h>

#include "../vector_path.h"
#include "block_product.h"

namespace moestro {

// c [rows, kStrip] float32 = or += a strip, in as many columns as are asked for, up to the end of a
// vector: a [rows, depth], read nowhere else. With bfloat16 depth is even. T is float or bfloat16.
// A row's sums do not depend on the rows beside it.
template <class T>
void row_product(VectorPath path, const T* a, int64_t a_stride, int64_t rows, const T* strip,
                 int64_t columns, int64_t depth, bool add, float* c);

}  // namespace moestro
