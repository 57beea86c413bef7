// The loops of row_product.h. No include guard: see on_each_path.h.

#include "numbers_body.h"

constexpr int kVectors = kStrip / kLanes;
constexpr int64_t kAheadBytes = 4096;  // what is fetched early, since a row asks for it too late

MOESTRO_INLINE void fetch_ahead(const void* line) {
#pragma GCC unroll 4
  for (int64_t at = 0; at < 256; at += 64)
    __builtin_prefetch(static_cast<const char*>(line) + kAheadBytes + at);
}

MOESTRO_INLINE void add_products(const float* a, const float* strip, int64_t depth,
                                 Floats (&sums)[kVectors]) {
  for (int64_t k = 0; k < depth; ++k, strip += kStrip) {
    fetch_ahead(strip);
    const Floats factor = Floats{} + a[k];
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) sums[v] += factor * read(strip + v * kLanes);
  }
}

MOESTRO_INLINE void add_products(const c10::BFloat16* a, const c10::BFloat16* strip, int64_t depth,
                                 Floats (&sums)[kVectors]) {
  for (int64_t k = 0; k < depth; k += 2, strip += 2 * kStrip) {
    fetch_ahead(strip);
    const Floats even = Floats{} + static_cast<float>(a[k]);
    const Floats odd = Floats{} + static_cast<float>(a[k + 1]);
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      const Words pairs = load<Words>(strip + 2 * v * kLanes);
      sums[v] += even * (Floats)(pairs << 16);
      sums[v] += odd * (Floats)(pairs & 0xffff0000);
    }
  }
}

template <class T>
inline void row_product(const T* a, const T* strip, int64_t columns, int64_t depth, bool add,
                        float* c) {
  Floats sums[kVectors] = {};
  if (add)
    for (int v = 0; v * kLanes < columns; ++v) sums[v] = read(c + v * kLanes);
  add_products(a, strip, depth, sums);
  for (int v = 0; v * kLanes < columns; ++v) write(c + v * kLanes, sums[v]);
}
