// Sums over the rows of images that stand channels last: neighbouring channels in packs of sixteen
// bytes, rows in pieces, and the sum of the pieces.
#pragma once

#include <algorithm>

#include <cuda_bf16.h>

#include "launch.cuh"

namespace moestro {

template <typename T>
struct alignas(16) Pack {
  static constexpr int kSize = 16 / sizeof(T);
  T values[kSize];

  __device__ float operator[](int i) const { return static_cast<float>(values[i]); }
  __device__ void set(int i, float value) { values[i] = static_cast<T>(value); }
};

// A block takes `lanes` packs of channels and every so many rows of its piece.
struct Cut {
  unsigned lanes, columns, pieces, rows_a_piece;
};

inline Cut cut_of(int64_t all_rows, unsigned packs) {
  constexpr unsigned most_lanes = 128, most_blocks = 264;
  unsigned lanes = std::min(packs, most_lanes);
  while (packs % lanes != 0) --lanes;
  const unsigned columns = packs / lanes, turns = kThreads / lanes;
  const auto rows = static_cast<unsigned>(all_rows);
  const unsigned most = std::max(1u, rows / turns), wanted = std::max(1u, most_blocks / columns);
  const unsigned pieces = std::min(most, wanted), rows_a_piece = (rows + pieces - 1) / pieces;
  return {lanes, columns, (rows + rows_a_piece - 1) / rows_a_piece, rows_a_piece};
}

// Where a thread starts, how it goes on, and where it ends.
struct Rows {
  unsigned lane, turn, turns, pack, first, end;
};

__device__ inline Rows rows_of(unsigned rows, unsigned lanes, unsigned rows_a_piece) {
  const unsigned lane = threadIdx.x % lanes, turn = threadIdx.x / lanes;
  return {lane,
          turn,
          blockDim.x / lanes,
          blockIdx.x * lanes + lane,
          blockIdx.y * rows_a_piece + turn,
          min(rows, (blockIdx.y + 1) * rows_a_piece)};
}

// Adds the two sums of each channel over the turns of a block: partial [pieces, 2, channels].
template <int Size>
__device__ void write_piece(const float (&sums)[2][Size], const Rows& rows, unsigned channels,
                            float* partial) {
  __shared__ float shared[kThreads * 2 * Size];
  for (int s = 0; s < 2; ++s)
    for (int i = 0; i < Size; ++i) shared[(s * Size + i) * blockDim.x + threadIdx.x] = sums[s][i];
  __syncthreads();
  if (rows.turn > 0) return;
  for (int s = 0; s < 2; ++s)
    for (int i = 0; i < Size; ++i) {
      float sum = 0;
      for (unsigned t = 0; t < rows.turns; ++t)
        sum += shared[(s * Size + i) * blockDim.x + t * (blockDim.x / rows.turns) + rows.lane];
      partial[(blockIdx.y * 2 + s) * channels + rows.pack * Size + i] = sum;
    }
}

// The sum over pieces of a column, for the lanes of the first warp: a lane a column, warps share
// the pieces. partial [pieces, count].
__device__ inline float sum_of_pieces(const float* partial, int pieces, int64_t count,
                                      int64_t column) {
  __shared__ float sums[kWarps][32];
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  float sum = 0;
  if (column < count)
#pragma unroll 8
    for (int piece = warp; piece < pieces; piece += kWarps)
      sum += __ldg(partial + piece * count + column);
  __syncthreads();
  sums[warp][lane] = sum;
  __syncthreads();
  for (int w = 1; w < kWarps && warp == 0; ++w) sum += sums[w][lane];
  return sum;
}

}  // namespace moestro
