#include "pool_block_kernel.h"

#include "pieces.cuh"
#include "window.cuh"

namespace moestro {
namespace {

template <int Size>
struct alignas(Size) Bytes {
  uint8_t values[Size];
};

template <int Size>
struct Floats {
  float values[Size];

  __device__ Floats(const float* from, unsigned channel, float otherwise) {
    for (int i = 0; i < Size; ++i) values[i] = from ? from[channel + i] : otherwise;
  }
};

// Where a window's packs lie, counted in packs.
struct Place {
  unsigned packs, height, width;  // of x

  // The first of the window's; the others follow at 1 pixel, 1 line, and both.
  __device__ unsigned first(unsigned row, unsigned pack) const {
    const unsigned across = width / 2, j = row % across, line = row / across;
    // Lines of x are twice those of y, in every image.
    return (line * 2 * width + 2 * j) * packs + pack;
  }
  __device__ unsigned step(int k) const { return ((k >> 1) * width + (k & 1)) * packs; }
};

template <typename T>
Place place_of(const PoolBlockShape& shape) {
  return {static_cast<unsigned>(shape.channels / Pack<T>::kSize),
          static_cast<unsigned>(shape.height), static_cast<unsigned>(shape.width)};
}

template <typename T>
__global__ void forward_kernel(Place place, unsigned count, const Pack<T>* x, const float* scale,
                               const float* shift, bool relu, Pack<T>* y,
                               Bytes<Pack<T>::kSize>* winner) {
  constexpr int size = Pack<T>::kSize;
  const unsigned id = blockIdx.x * kThreads + threadIdx.x;
  if (id >= count) return;
  const unsigned row = id / place.packs, pack = id % place.packs;
  const unsigned first = place.first(row, pack);
  Pack<T> window[kWindow];
  for (int k = 0; k < kWindow; ++k) window[k] = x[first + place.step(k)];
  const Floats<size> scales(scale, pack * size, 1), shifts(shift, pack * size, 0);
  Pack<T> out;
  Bytes<size> best;
  for (int i = 0; i < size; ++i) {
    float most = window[0][i] * scales.values[i] + shifts.values[i];
    int place_of_most = 0;
    for (int k = 1; k < kWindow; ++k) {
      const float z = window[k][i] * scales.values[i] + shifts.values[i];
      if (z > most || isnan(z)) {
        most = z;
        place_of_most = k;
      }
    }
    const bool dead = relu && most <= 0;
    out.set(i, dead ? 0.f : most);
    best.values[i] = static_cast<uint8_t>(dead ? kNoWinner : place_of_most);
  }
  y[id] = out;
  winner[id] = best;
}

template <typename T>
__global__ void sums_kernel(Place place, unsigned all_rows, unsigned lanes, unsigned rows_a_piece,
                            const Pack<T>* x, const Pack<T>* grad_y,
                            const Bytes<Pack<T>::kSize>* winner, const float* mean,
                            const float* rstd, float* partial) {
  constexpr int size = Pack<T>::kSize;
  const Rows rows = rows_of(all_rows, lanes, rows_a_piece);
  const Floats<size> means(mean, rows.pack * size, 0), rstds(rstd, rows.pack * size, 1);
  float sums[2][size] = {};
#pragma unroll 2
  for (unsigned row = rows.first; row < rows.end; row += rows.turns) {
    const unsigned id = row * place.packs + rows.pack;
    const Pack<T> grad = grad_y[id];
    const Bytes<size> best = winner[id];
    Pack<T> window[kWindow];
    if (mean)
      for (int k = 0; k < kWindow; ++k) window[k] = x[place.first(row, rows.pack) + place.step(k)];
    for (int i = 0; i < size; ++i) {
      const float d = best.values[i] == kNoWinner ? 0.f : grad[i];
      sums[0][i] += d;
      if (!mean) continue;
      float won = window[0][i];
      for (int k = 1; k < kWindow; ++k) won = best.values[i] == k ? window[k][i] : won;
      sums[1][i] += d * (won - means.values[i]) * rstds.values[i];
    }
  }
  write_piece(sums, rows, place.packs * size, partial);
}

__global__ void __launch_bounds__(kThreads)
    add_kernel(int count, int pieces, const float* partial, float* sums) {
  const int column = blockIdx.x * 32 + threadIdx.x % 32;
  const float sum = sum_of_pieces(partial, pieces, count, column);
  if (threadIdx.x < 32 && column < count) sums[column] = sum;
}

template <typename T>
__global__ void backward_kernel(Place place, unsigned count, const Pack<T>* x,
                                const Pack<T>* grad_y, const Bytes<Pack<T>::kSize>* winner,
                                const float* scale, const float* offset, const float* slope,
                                Pack<T>* grad_x) {
  constexpr int size = Pack<T>::kSize;
  const unsigned id = blockIdx.x * kThreads + threadIdx.x;
  if (id >= count) return;
  const unsigned row = id / place.packs, pack = id % place.packs;
  const unsigned first = place.first(row, pack);
  const Pack<T> grad = grad_y[id];
  const Bytes<size> best = winner[id];
  const Floats<size> scales(scale, pack * size, 1), offsets(offset, pack * size, 0),
      slopes(slope, pack * size, 0);
  for (int k = 0; k < kWindow; ++k) {
    const unsigned at = first + place.step(k);
    const Pack<T> in = slope ? x[at] : Pack<T>{};
    Pack<T> to;
    for (int i = 0; i < size; ++i) {
      const float d = best.values[i] == k ? grad[i] : 0.f;
      const float all = slope ? offsets.values[i] + slopes.values[i] * in[i] : 0.f;
      to.set(i, scales.values[i] * d - all);
    }
    grad_x[at] = to;
  }
}

template <typename T>
unsigned count_of(const PoolBlockShape& shape) {
  return static_cast<unsigned>(shape.rows() * shape.channels / Pack<T>::kSize);
}

Cut cut(const PoolBlockShape& shape) {
  return cut_of(shape.rows(), static_cast<unsigned>(shape.channels / pack_size(shape.type)));
}

template <typename T>
struct Typed {
  static constexpr int kSize = Pack<T>::kSize;
  static const Pack<T>* packs(const void* data) { return static_cast<const Pack<T>*>(data); }
  static const Bytes<kSize>* bytes(const uint8_t* data) {
    return reinterpret_cast<const Bytes<kSize>*>(data);
  }

  static void forward(const PoolBlockForward& work, cudaStream_t stream) {
    const unsigned count = count_of<T>(work.shape);
    forward_kernel<T><<<blocks_for(count), kThreads, 0, stream>>>(
        place_of<T>(work.shape), count, packs(work.x), work.scale, work.shift, work.relu,
        static_cast<Pack<T>*>(work.y), reinterpret_cast<Bytes<kSize>*>(work.winner));
  }

  static void sums(const PoolBlockSums& work, cudaStream_t stream) {
    const Cut way = cut(work.shape);
    const unsigned threads = kThreads / way.lanes * way.lanes;
    sums_kernel<T><<<dim3(way.columns, way.pieces), threads, 0, stream>>>(
        place_of<T>(work.shape), static_cast<unsigned>(work.shape.rows()), way.lanes,
        way.rows_a_piece, packs(work.x), packs(work.grad_y), bytes(work.winner), work.mean,
        work.rstd, work.partial);
    const auto count = static_cast<int>(2 * work.shape.channels);
    add_kernel<<<(count + 31) / 32, kThreads, 0, stream>>>(count, static_cast<int>(way.pieces),
                                                           work.partial, work.sums);
  }

  static void backward(const PoolBlockBackward& work, cudaStream_t stream) {
    const unsigned count = count_of<T>(work.shape);
    backward_kernel<T><<<blocks_for(count), kThreads, 0, stream>>>(
        place_of<T>(work.shape), count, packs(work.x), packs(work.grad_y), bytes(work.winner),
        work.scale, work.offset, work.slope, static_cast<Pack<T>*>(work.grad_x));
  }
};

template <typename Call>
void with_type(NumberType type, const char* name, const Call& call) {
  if (type == NumberType::bfloat16)
    call(Typed<__nv_bfloat16>());
  else
    call(Typed<float>());
  check(cudaGetLastError(), name);
}

}  // namespace

int64_t pool_block_partial(const PoolBlockShape& shape) {
  return 2 * shape.channels * cut(shape).pieces;
}

void pool_block_forward(const PoolBlockForward& work, void* stream) {
  with_type(work.shape.type, "pool_block_forward",
            [&](auto typed) { typed.forward(work, static_cast<cudaStream_t>(stream)); });
}

void pool_block_sums(const PoolBlockSums& work, void* stream) {
  with_type(work.shape.type, "pool_block_sums",
            [&](auto typed) { typed.sums(work, static_cast<cudaStream_t>(stream)); });
}

void pool_block_backward(const PoolBlockBackward& work, void* stream) {
  with_type(work.shape.type, "pool_block_backward",
            [&](auto typed) { typed.backward(work, static_cast<cudaStream_t>(stream)); });
}

}  // namespace moestro
