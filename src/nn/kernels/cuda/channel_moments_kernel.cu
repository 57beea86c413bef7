// Sums of differences from the first row, and of their squares: no digits are lost where the mean
// is far from zero.
#include "channel_moments_kernel.h"

#include "pieces.cuh"

namespace moestro {
namespace {

template <typename T>
__global__ void __launch_bounds__(kThreads)
    sums_kernel(unsigned packs, unsigned all_rows, unsigned lanes, unsigned rows_a_piece,
                const Pack<T>* x, float* partial) {
  constexpr int size = Pack<T>::kSize;
  const Rows rows = rows_of(all_rows, lanes, rows_a_piece);
  const Pack<T> origin = x[rows.pack];
  float sums[2][size] = {};
#pragma unroll 4
  for (unsigned row = rows.first; row < rows.end; row += rows.turns) {
    const Pack<T> values = x[row * packs + rows.pack];
    for (int i = 0; i < size; ++i) {
      const float difference = values[i] - origin[i];
      sums[0][i] += difference;
      sums[1][i] += difference * difference;
    }
  }
  write_piece(sums, rows, packs * size, partial);
}

template <typename T>
__global__ void __launch_bounds__(kThreads)
    moments_kernel(int channels, int pieces, float rows, const T* x, const float* partial,
                   float* mean, float* variance) {
  const int channel = blockIdx.x * 32 + threadIdx.x % 32;
  const int64_t count = 2 * channels;
  const float first = sum_of_pieces(partial, pieces, count, channel),
              second = sum_of_pieces(partial, pieces, count, channel + channels);
  if (threadIdx.x >= 32 || channel >= channels) return;
  const float difference = first / rows;
  mean[channel] = static_cast<float>(x[channel]) + difference;
  variance[channel] = fmaxf(second / rows - difference * difference, 0);
}

template <typename T>
void run(const ChannelMoments& work, cudaStream_t stream) {
  const auto packs = static_cast<unsigned>(work.channels / Pack<T>::kSize);
  const auto channels = static_cast<int>(work.channels);
  const Cut cut = cut_of(work.rows, packs);
  const unsigned threads = kThreads / cut.lanes * cut.lanes;
  sums_kernel<T><<<dim3(cut.columns, cut.pieces), threads, 0, stream>>>(
      packs, static_cast<unsigned>(work.rows), cut.lanes, cut.rows_a_piece,
      static_cast<const Pack<T>*>(work.x), work.partial);
  moments_kernel<T><<<(channels + 31) / 32, kThreads, 0, stream>>>(
      channels, static_cast<int>(cut.pieces), static_cast<float>(work.rows),
      static_cast<const T*>(work.x), work.partial, work.mean, work.variance);
}

}  // namespace

int64_t channel_moments_partial(int64_t rows, int64_t channels, NumberType type) {
  return 2 * channels * cut_of(rows, static_cast<unsigned>(channels / pack_size(type))).pieces;
}

void channel_moments(const ChannelMoments& work, void* stream) {
  auto* const queue = static_cast<cudaStream_t>(stream);
  if (work.type == NumberType::bfloat16)
    run<__nv_bfloat16>(work, queue);
  else
    run<float>(work, queue);
  check(cudaGetLastError(), "channel_moments");
}

}  // namespace moestro
