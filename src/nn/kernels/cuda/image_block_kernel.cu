#include "image_strips.cuh"

namespace moestro {
namespace {

struct Forward {
  Strips strips;
  const Number* x;
  const float *weight, *bias;
  bool relu;
  Number* y;
  uint8_t* winner;
};

#if MOESTRO_HAS_MATRIX_UNIT

constexpr int kPart = 32;  // filters of a warp at once

// Eight filters of one window, of which a lane has all sums.
__device__ void pool(const float (&sums)[2][kPart / 8][4], const float* biases, bool relu,
                     Number* to, uint8_t* winner_to) {
  alignas(16) Number y[8];
  alignas(8) uint8_t winner[8];
  for (int i = 0; i < 8; ++i) {
    const int j = i / 2, c = i % 2;
    const float window[kWindow] = {sums[0][j][c], sums[0][j][2 + c], sums[1][j][c],
                                   sums[1][j][2 + c]};
    float most = window[0];
    int best = 0;
    for (int k = 1; k < kWindow; ++k)
      if (window[k] > most || isnan(window[k])) {
        most = window[k];
        best = k;
      }
    most += biases[i];
    const bool dead = relu && most <= 0;
    y[i] = __float2bfloat16(dead ? 0.f : most);
    winner[i] = static_cast<uint8_t>(dead ? kNoWinner : best);
  }
  *reinterpret_cast<uint4*>(to) = *reinterpret_cast<const uint4*>(y);
  *reinterpret_cast<uint2*>(winner_to) = *reinterpret_cast<const uint2*>(winner);
}

#endif

template <int Channels>
__global__ void __launch_bounds__(kThreads, 3) forward_kernel(Forward work) {
#if MOESTRO_HAS_MATRIX_UNIT
  constexpr int parts = kPart / 8;
  extern __shared__ __align__(16) unsigned char memory[];
  const Strips& strips = work.strips;
  auto* const filters = reinterpret_cast<Number*>(memory);
  Number* const patches = filters + strips.filters * kPatch;
  auto* const biases = reinterpret_cast<float*>(patches + kStripPixels * kPatch);
  auto* const framed = reinterpret_cast<Number*>(biases + strips.filters);
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, depth = strips.depth();

#pragma unroll 8
  for (int i = threadIdx.x; i < strips.filters * kDepth; i += kThreads) {
    const int filter = i / kDepth, k = i % kDepth;
    filters[dealt_row<kPart / 8>(filter) * kPatch + k] =
        __float2bfloat16(k < depth ? __ldg(work.weight + filter * depth + k) : 0.f);
  }
  for (int i = threadIdx.x; i < strips.filters; i += kThreads) biases[i] = work.bias[i];

  const int row = lane / 16 * 8 + lane % 8;
  for (int64_t index = blockIdx.x; index < strips.count(); index += gridDim.x) {
    const Strip strip = strip_of(strips, index);
    __syncthreads();
    write_patches<Channels>(patches, framed, strips, strip, work.x);
    const int pooled = strips.pixels() / kWindow, there = strip.lines * strips.width / kWindow;
    for (int start = warp * 8; start < pooled; start += kWarps * 8) {
      // Rows 0 to 7 of a tile are the left pixels of eight windows, 8 to 15 the right ones; the two
      // tiles are the two lines.
      const int first = first_of_window(strips, min(start + lane % 8, pooled - 1)) + lane / 8 % 2;
      Fragment a[2][2];
      for (int m = 0; m < 2; ++m)
        for (int k = 0; k < 2; ++k)
          a[m][k] =
              load_matrices(patches + (first + m * strips.width) * kPatch + k * 16 + lane / 16 * 8);
      const int q = start + lane / 4;
      const int64_t at =
          (strip.image * (strips.height / 2) + strip.line / 2) * (strips.width / 2) + q;
      for (int part = 0; part < strips.filters; part += kPart) {
        float sums[2][parts][4] = {};
        for (int k = 0; k < 2; ++k)
          for (int j = 0; j < parts; j += 2) {
            const Fragment b =
                load_matrices(filters + (part + j * 8 + row) * kPatch + k * 16 + lane / 8 % 2 * 8);
            for (int m = 0; m < 2; ++m) multiply(sums[m][j], sums[m][j + 1], a[m][k], b);
          }
        if (q >= there) continue;
        const int filter = part + lane % 4 * 8;
        pool(sums, biases + filter, work.relu, work.y + at * strips.filters + filter,
             work.winner + at * strips.filters + filter);
      }
    }
  }
#endif
}

size_t bytes_of(const Strips& strips) {
  return sizeof(Number) * ((strips.filters + kStripPixels) * kPatch + strips.framed()) +
         sizeof(float) * strips.filters;
}

}  // namespace

bool image_block_fits(const ImageBlockShape& s) {
  const bool known = with_channels(s.channels, [](auto) {});
  if (!known || s.height % 2 != 0 || s.width % 16 != 0 || kStripPixels / s.width < 2) return false;
  return has_bfloat16_units() && bytes_of(strips_of(s)) <= most_block_bytes() &&
         image_block_partial(s) > 0;
}

void image_block_forward(const ImageBlockForward& work, void* stream) {
  const Strips strips = strips_of(work.shape);
  const size_t bytes = bytes_of(strips);
  const Forward forward{strips,    static_cast<const Number*>(work.x), work.weight, work.bias,
                        work.relu, static_cast<Number*>(work.y),       work.winner};
  const bool known = with_channels(work.shape.channels, [&](auto channels) {
    const auto kernel = forward_kernel<decltype(channels)::value>;
    const auto blocks =
        static_cast<unsigned>(std::min(resident_blocks(kernel, bytes), strips.count()));
    kernel<<<blocks, kThreads, bytes, static_cast<cudaStream_t>(stream)>>>(forward);
  });
  expect(known, "image_block_forward");
  check(cudaGetLastError(), "image_block_forward");
}

}  // namespace moestro
