// Operands of block products, laid out as the products read them.
//
// A left operand is row-major. A right one is a strip of kStrip columns: of float32 row-major,
// strip[k][c]; of bfloat16 with pairs of rows interleaved, strip[k / 2][c][k % 2], which is what
// the dot products of AVX-512 and AMX expect. What lies beyond the last column or row, up to the
// next multiple of 2 rows, is zero. S is stored, T multiplied: float32 from float32 or bfloat16, or
// bfloat16 from bfloat16.
#pragma once

#include <cstdint>

#include "../vector_path.h"
#include "block_product.h"

namespace moestro {

// Rows, `stride` numbers apart, or those of the given numbers.
template <class S>
struct RowSource {
  const S* base;
  int64_t stride;
  const int64_t* numbers = nullptr;

  const S* row(int64_t r) const { return base + (numbers ? numbers[r] : r) * stride; }
};

// out[r][k] = row r at k, k < depth, and zero for k from depth to stride.
template <class S, class T>
void pack_rows(VectorPath path, const RowSource<S>& source, int64_t rows, int64_t depth, T* out,
               int64_t stride);

// out[k][r] = row r at `first` + k, for k < depth; zero for r from rows to `padded`, a multiple of
// 16 (32 with bfloat16).
template <class S, class T>
void pack_transposed(VectorPath path, const RowSource<S>& source, int64_t rows, int64_t padded,
                     int64_t first, int64_t depth, T* out, int64_t stride);

// Strip of row k at `first` + c, for k < depth and c < columns.
template <class S, class T>
void pack_strip(VectorPath path, const RowSource<S>& source, int64_t depth, int64_t first,
                int64_t columns, T* strip);

// Strip of row c at `first` + k.
template <class S, class T>
void pack_strip_transposed(VectorPath path, const RowSource<S>& source, int64_t columns,
                           int64_t first, int64_t depth, T* strip);

// out[r][c] = in[r][c] rounded to S.
template <class S>
void round_rows(VectorPath path, const float* in, int64_t in_stride, int64_t rows, int64_t columns,
                S* out, int64_t out_stride);

}  // namespace moestro
