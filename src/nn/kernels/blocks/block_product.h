// Products of blocks that lie in a core's own cache, by oneDNN's kernels as LibTorch exports them:
// AVX2, AVX-512 or AMX as the machine has them.
#pragma once

#include <c10/util/BFloat16.h>

namespace moestro {

// Columns of a strip: the right operand of a product is packed so, see packing.h.
constexpr int64_t kStrip = 64;
// Rows that are multiplied at a time, and may be read beyond the end of a left operand.
constexpr int64_t kRowStep = 64;

// c = or += a b: a [rows, depth], b a strip, c [rows, columns] float32. With bfloat16 depth is
// even.
void strip_product(const float* a, int64_t a_stride, const float* strip, int64_t rows,
                   int64_t columns, int64_t depth, bool add, float* c, int64_t c_stride);
void strip_product(const c10::BFloat16* a, int64_t a_stride, const c10::BFloat16* strip,
                   int64_t rows, int64_t columns, int64_t depth, bool add, float* c,
                   int64_t c_stride);

// Whether products of bfloat16 run here, rather than having to be done in float32.
bool has_bfloat16_products();

// The tile state of AMX, which a thread takes with its first product, given back.
void release_tiles();

}  // namespace moestro
