// Which kernel multiplies a block of rows with a strip. Decided here alone: the products ask, and
// so does what is said about them.
#pragma once

#include <cstdint>

namespace moestro {

enum class BlockKernel {
  few_rows,  // row_product.h: reading the strip is what takes the time
  many_rows  // block_product.h, which computes 8 rows at least
};

// Measured by benchmarks/few_rows.cpp in float32 and bfloat16, with weights packed before or not,
// at depths of 512 and 1024, on AVX-512: the two kernels meet between 4 and 8 rows, so that neither
// type nor depth makes a difference.
constexpr int64_t kMostFewRows = 4;

constexpr BlockKernel block_kernel(int64_t rows) {
  return rows <= kMostFewRows ? BlockKernel::few_rows : BlockKernel::many_rows;
}

// Rows that a kernel reads and writes. oneDNN makes one for every number of rows: it gets multiples
// of 8 only.
constexpr int64_t multiplied_rows(BlockKernel kernel, int64_t rows) {
  return kernel == BlockKernel::few_rows ? rows : (rows + 7) / 8 * 8;
}
constexpr int64_t multiplied_rows(int64_t rows) {
  return multiplied_rows(block_kernel(rows), rows);
}

}  // namespace moestro
