// What both passes of image_block_kernel.h share: strips of lines of one image, and their patches
// in shared memory, 3 x 3 x channels numbers and a one for the bias, 32 numbers a pixel: few enough
// that one product by the filters is all there is.
#pragma once

#include <algorithm>

#include "image_block_kernel.h"
#include "launch.cuh"
#include "matrix_unit.cuh"
#include "window.cuh"

namespace moestro {

constexpr int kPatchTaps = 9, kDepth = 32, kPatch = kDepth + kRowPad;
constexpr int kStripPixels = 256;  // at most

struct Strips {
  int channels, height, width, filters, lines;  // lines of a strip, even
  int64_t images;

  __host__ __device__ int pixels() const { return lines * width; }
  __host__ __device__ int per_image() const { return (height + lines - 1) / lines; }
  __host__ __device__ int64_t count() const { return images * per_image(); }
  // Numbers of the lines that a strip looks at, with a frame.
  __host__ __device__ int framed() const { return channels * (lines + 2) * (width + 2); }
  __host__ __device__ int depth() const { return channels * kPatchTaps; }
};

inline Strips strips_of(const ImageBlockShape& s) {
  const auto width = static_cast<int>(s.width), height = static_cast<int>(s.height);
  const int lines = std::min(kStripPixels / width / 2 * 2, height);
  return {static_cast<int>(s.channels), height, width,
          static_cast<int>(s.filters),  lines,  s.images};
}

// Calls with the count of channels known to the compiler; false where there is no such kernel.
template <typename Call>
bool with_channels(int64_t channels, const Call& call) {
  return OneOf<1, 2, 3>::call(channels, call);
}

#if MOESTRO_HAS_MATRIX_UNIT

struct Strip {
  int64_t image;
  int line, lines;  // the first, and how many there are
};

__device__ inline Strip strip_of(const Strips& strips, int64_t index) {
  const int line = static_cast<int>(index % strips.per_image()) * strips.lines;
  return {index / strips.per_image(), line, min(strips.lines, strips.height - line)};
}

// Ends with a barrier. Of lines that do not exist patches are zero. A thread writes whole patches.
template <int Channels>
__device__ void write_patches(Number* patches, Number* framed, const Strips& strips,
                              const Strip& strip, const Number* x) {
  const int line = strips.width + 2, plane = line * (strips.lines + 2);
  for (int i = threadIdx.x; i < strips.framed(); i += kThreads) {
    const int channel = i / plane, at_y = strip.line + i % plane / line - 1, at_x = i % line - 1;
    const bool inside = at_y >= 0 && at_y < strips.height && at_x >= 0 && at_x < strips.width;
    framed[i] =
        inside
            ? x[((strip.image * Channels + channel) * strips.height + at_y) * strips.width + at_x]
            : Number{};
  }
  __syncthreads();
  for (int p = threadIdx.x; p < strips.pixels(); p += kThreads) {
    const int at_y = p / strips.width, at_x = p % strips.width;
    const bool there = at_y < strip.lines;
    const Number* const corner = framed + at_y * line + at_x;
    alignas(16) Number patch[kDepth];
#pragma unroll
    for (int k = 0; k < kDepth; ++k) {
      constexpr int depth = Channels * kPatchTaps;
      const int channel = k / kPatchTaps, tap = k % kPatchTaps;
      patch[k] = Number{};
      if (k < depth && there) patch[k] = corner[channel * plane + tap / 3 * line + tap % 3];
      if (k == depth && there) patch[k] = __float2bfloat16(1.f);
    }
    for (int k = 0; k < kDepth; k += 8)
      *reinterpret_cast<uint4*>(patches + p * kPatch + k) =
          *reinterpret_cast<const uint4*>(patch + k);
  }
  __syncthreads();
}

// The pixels of pooled pixel q of a strip: the first of its window.
__device__ inline int first_of_window(const Strips& strips, int q) {
  const int across = strips.width / 2;
  return q / across * 2 * strips.width + q % across * 2;
}

#endif

}  // namespace moestro
