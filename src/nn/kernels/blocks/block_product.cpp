#include "block_product.h"

#include <algorithm>
#include <exception>

#include <ATen/Context.h>
#include <ATen/native/CPUBlas.h>

namespace moestro {
namespace {

template <class T>
void multiply(const T* a, int64_t a_stride, const T* strip, int64_t rows, int64_t columns,
              int64_t depth, bool add, float* c, int64_t c_stride, bool interleaved) {
  for (int64_t r = 0; r < rows; r += kRowStep)
    at::native::cpublas::brgemm(std::min(kRowStep, rows - r), columns, depth, a_stride, kStrip,
                                c_stride, add, a + r * a_stride, strip, c + r * c_stride,
                                interleaved);
}

bool multiplies_bfloat16() {
  const c10::BFloat16 a[2] = {1.f, 2.f}, b[32] = {};
  float c[16];
  try {
    at::native::cpublas::brgemm(1, 16, 2, 2, 16, 16, false, a, b, c, true);
  } catch (const std::exception&) {
    return false;
  }
  release_tiles();
  return true;
}

}  // namespace

void strip_product(const float* a, int64_t a_stride, const float* strip, int64_t rows,
                   int64_t columns, int64_t depth, bool add, float* c, int64_t c_stride) {
  multiply(a, a_stride, strip, rows, columns, depth, add, c, c_stride, false);
}

void strip_product(const c10::BFloat16* a, int64_t a_stride, const c10::BFloat16* strip,
                   int64_t rows, int64_t columns, int64_t depth, bool add, float* c,
                   int64_t c_stride) {
  multiply(a, a_stride, strip, rows, columns, depth, add, c, c_stride, true);
}

bool has_bfloat16_products() {
  static const bool possible = multiplies_bfloat16();
  return possible && at::globalContext().userEnabledMkldnn();
}

void release_tiles() {
  at::native::cpublas::brgemm_release();
}

}  // namespace moestro
