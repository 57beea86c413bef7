// The loops of row_product.h. No include guard: see on_each_path.h.

#include "numbers_body.h"

constexpr int kVectors = kStrip / kLanes;
// Rows that share what is read of the strip, as many as their sums find registers. With AVX2 half
// of the columns of two rows would: reading halves of a strip takes longer than reading it twice.
constexpr int kSharing = kLanes == 16 ? 4 : 1;
constexpr int64_t kAheadBytes = 4096;  // what is fetched early, since a row asks for it too late

MOESTRO_INLINE void fetch_ahead(const void* line) {
#pragma GCC unroll 4
  for (int64_t at = 0; at < 256; at += 64)
    __builtin_prefetch(static_cast<const char*>(line) + kAheadBytes + at);
}

template <int kRows>
MOESTRO_INLINE void add_products(const float* a, int64_t a_stride, const float* strip,
                                 int64_t depth, Floats (&sums)[kRows][kVectors]) {
  for (int64_t k = 0; k < depth; ++k, strip += kStrip) {
    fetch_ahead(strip);
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      const Floats factor = Floats{} + a[r * a_stride + k];
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) sums[r][v] += factor * read(strip + v * kLanes);
    }
  }
}

template <int kRows>
MOESTRO_INLINE void add_products(const c10::BFloat16* a, int64_t a_stride,
                                 const c10::BFloat16* strip, int64_t depth,
                                 Floats (&sums)[kRows][kVectors]) {
  for (int64_t k = 0; k < depth; k += 2, strip += 2 * kStrip) {
    fetch_ahead(strip);
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      const Words pairs = load<Words>(strip + 2 * v * kLanes);
      const Floats first = (Floats)(pairs << 16), second = (Floats)(pairs & 0xffff0000);
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
        const c10::BFloat16* at = a + r * a_stride + k;
        sums[r][v] += (Floats{} + static_cast<float>(at[0])) * first;
        sums[r][v] += (Floats{} + static_cast<float>(at[1])) * second;
      }
    }
  }
}

template <int kRows, class T>
inline void rows_product(const T* a, int64_t a_stride, const T* strip, int64_t columns,
                         int64_t depth, bool add, float* c) {
  Floats sums[kRows][kVectors] = {};
  if (add)
    for (int r = 0; r < kRows; ++r)
      for (int v = 0; v * kLanes < columns; ++v) sums[r][v] = read(c + r * kStrip + v * kLanes);
  add_products(a, a_stride, strip, depth, sums);
  for (int r = 0; r < kRows; ++r)
    for (int v = 0; v * kLanes < columns; ++v) write(c + r * kStrip + v * kLanes, sums[r][v]);
}

template <class T>
inline void row_product(const T* a, int64_t a_stride, int64_t rows, const T* strip, int64_t columns,
                        int64_t depth, bool add, float* c) {
  for (; rows >= kSharing; rows -= kSharing, a += kSharing * a_stride, c += kSharing * kStrip)
    rows_product<kSharing>(a, a_stride, strip, columns, depth, add, c);
  if constexpr (kSharing == 4) {
    if (rows == 3) return rows_product<3>(a, a_stride, strip, columns, depth, add, c);
    if (rows == 2) return rows_product<2>(a, a_stride, strip, columns, depth, add, c);
  }
  if (rows == 1) rows_product<1>(a, a_stride, strip, columns, depth, add, c);
}
