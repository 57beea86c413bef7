// What the convolutions of expert_conv_kernel.h share: whole images of one expert in shared memory,
// each pixel a row, behind them a row of zeros for taps that look outside; and how many at once.
#pragma once

#include <algorithm>

#include "expert_conv_kernel.h"
#include "launch.cuh"
#include "matrix_unit.cuh"

namespace moestro {

constexpr int kTaps = 9, kTile = 16;

// Images in shared memory at once.
struct ExpertImages {
  int height, width, count;

  __host__ __device__ int pixels() const { return count * height * width; }
  // Of whole tiles.
  __host__ __device__ int rows() const { return (pixels() + kTile - 1) / kTile * kTile; }
  // Numbers of pixels and zeros.
  template <int C>
  __host__ __device__ int numbers() const {
    return (pixels() + 1) * (C + kRowPad);
  }
  __host__ __device__ size_t tap_bytes() const { return sizeof(int) * rows(); }
};

#if MOESTRO_HAS_MATRIX_UNIT

// Which of a pixel's taps lie in its image, a bit each; none for pixels that do not exist.
__device__ inline void write_taps(int* taps, const ExpertImages& images) {
  for (int p = threadIdx.x; p < images.rows(); p += kThreads) {
    const int y = p % (images.height * images.width) / images.width, x = p % images.width;
    int inside = 0;
    for (int tap = 0; tap < kTaps && p < images.pixels(); ++tap) {
      const int at_y = y + tap / 3 - 1, at_x = x + tap % 3 - 1;
      if (at_y >= 0 && at_y < images.height && at_x >= 0 && at_x < images.width) inside |= 1 << tap;
    }
    taps[p] = inside;
  }
}

// A lane's pixel, seen through the taps.
template <int C>
struct Window {
  const Number *pixel, *zeros;
  int taps, width;

  __device__ const Number* row(int line, int column) const {
    const int step = (line - 1) * width + column - 1;
    return (taps >> (line * 3 + column) & 1) ? pixel + step * (C + kRowPad) : zeros;
  }
};

template <int C>
__device__ Window<C> window_of(const Number* images, const int* taps, const ExpertImages& shape,
                               int p, int column) {
  return {images + p * (C + kRowPad) + column, images + shape.pixels() * (C + kRowPad) + column,
          taps[p], shape.width};
}

// C channels of `count` pixels, `stride` apart in global memory; zeros up to `all`.
template <int C>
__device__ void copy_pixels(Number* to, const Number* from, int64_t stride, int count, int all) {
  constexpr int packs = C / 8;
  for (int i = threadIdx.x; i < all * packs; i += kThreads) {
    const int p = i / packs, column = i % packs * 8;
    Number* const place = to + p * (C + kRowPad) + column;
    if (p < count)
      copy_16_bytes(place, from + p * stride + column);
    else
      *reinterpret_cast<uint4*>(place) = uint4{};
  }
}

__device__ inline void fill_with_zeros(Number* numbers, int count) {
  for (int i = threadIdx.x; i < count; i += kThreads) numbers[i] = Number{};
}

// A block's rounds over its share of all pixels, `at_once` each: copy(first, buffer) asks for those
// of a round, with two buffers while those before are used; use(first, buffer) works on them.
template <typename Copy, typename Use>
__device__ void for_each_round(int64_t pixels, int at_once, int buffers, const Copy& copy,
                               const Use& use) {
  const int64_t step = static_cast<int64_t>(gridDim.y) * at_once;
  int64_t first = static_cast<int64_t>(blockIdx.y) * at_once;
  copy(first, 0);
  for (int buffer = 0; first < pixels; first += step) {
    if (buffers == 2) {
      copy(first + step, buffer ^ 1);
      wait_for_copies<1>();
    } else {
      wait_for_copies<0>();
    }
    __syncthreads();
    use(first, buffer);
    __syncthreads();
    if (buffers == 2)
      buffer ^= 1;
    else
      copy(first + step, 0);
  }
}

#endif

// How a launch is cut: `pieces` blocks share the images of an expert's slice, each with one or two
// buffers of `images`. No buffers: not even one image fits.
struct ExpertPlan {
  ExpertImages images{};
  int buffers = 0, pieces = 0;
  size_t bytes = 0;
};

// Two blocks a multiprocessor come before many images, and those before a second buffer.
// `bytes(images, buffers)`: shared memory of a block; `most_pixels` of it at once, where an image
// has no more; `slices`: blocks that different work needs.
template <typename Kernel, typename Bytes>
ExpertPlan plan_of(const ExpertConvShape& shape, Kernel kernel, const Bytes& bytes,
                   int64_t most_pixels, int64_t slices) {
  const size_t most = most_block_bytes();
  const size_t half = asked(cudaDevAttrMaxSharedMemoryPerMultiprocessor) / 2 -
                      asked(cudaDevAttrReservedSharedMemoryPerBlock);
  const auto height = static_cast<int>(shape.height), width = static_cast<int>(shape.width);
  const int64_t wanted = std::clamp<int64_t>(most_pixels / (height * width), 1, shape.images);
  ExpertPlan plan;
  for (const size_t room : {std::min(half, most), most})
    for (auto count = static_cast<int>(wanted); count > 0; count /= 2)
      for (const int buffers : {2, 1}) {
        const ExpertImages images{height, width, count};
        const size_t needed = bytes(images, buffers);
        if (plan.buffers == 0 && needed <= room) plan = {images, buffers, 0, needed};
      }
  if (plan.buffers == 0) return plan;
  const int64_t rounds = (shape.images + plan.images.count - 1) / plan.images.count;
  plan.pieces = static_cast<int>(
      std::clamp<int64_t>(resident_blocks(kernel, plan.bytes) / slices, 1, rounds));
  return plan;
}

}  // namespace moestro
