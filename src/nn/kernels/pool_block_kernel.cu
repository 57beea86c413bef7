#include "pool_block_kernel.h"

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <algorithm>
#include <stdexcept>

namespace moestro {
namespace {

constexpr int kThreads = 256, kMostLanes = 128, kPieces = 512, kWindow = 4;

// Sixteen bytes: neighbours along the channels.
template <typename T>
struct alignas(16) Pack {
  static constexpr int kSize = 16 / sizeof(T);
  T values[kSize];

  __device__ float operator[](int i) const { return static_cast<float>(values[i]); }
  __device__ void set(int i, float value) { values[i] = static_cast<T>(value); }
};

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
    out.set(i, relu && most < 0 ? 0.f : most);
    best.values[i] = static_cast<uint8_t>(place_of_most);
  }
  y[id] = out;
  winner[id] = best;
}

// The gradient before the ReLU.
__device__ inline float before(float grad, float y, bool relu) {
  return relu && y <= 0 ? 0.f : grad;
}

// A block takes `lanes` packs of channels and every so many rows of its piece.
template <typename T>
__global__ void sums_kernel(Place place, unsigned rows, unsigned lanes, unsigned rows_a_piece,
                            const Pack<T>* x, const Pack<T>* y, const Pack<T>* grad_y,
                            const Bytes<Pack<T>::kSize>* winner, const float* mean,
                            const float* rstd, bool relu, float* partial) {
  constexpr int size = Pack<T>::kSize;
  __shared__ float shared[kThreads * 2 * size];
  const unsigned lane = threadIdx.x % lanes, turn = threadIdx.x / lanes;
  const unsigned turns = blockDim.x / lanes, pack = blockIdx.x * lanes + lane;
  const Floats<size> means(mean, pack * size, 0), rstds(rstd, pack * size, 1);
  float sums[2][size] = {};
  const unsigned end = min(rows, (blockIdx.y + 1) * rows_a_piece);
  for (unsigned row = blockIdx.y * rows_a_piece + turn; row < end; row += turns) {
    const unsigned id = row * place.packs + pack;
    const Pack<T> grad = grad_y[id], out = relu ? y[id] : Pack<T>{};
    if (!mean) {
      for (int i = 0; i < size; ++i) sums[0][i] += before(grad[i], out[i], relu);
      continue;
    }
    const Bytes<size> best = winner[id];
    const unsigned first = place.first(row, pack);
    Pack<T> window[kWindow];
    for (int k = 0; k < kWindow; ++k) window[k] = x[first + place.step(k)];
    for (int i = 0; i < size; ++i) {
      float won = window[0][i];
      for (int k = 1; k < kWindow; ++k) won = best.values[i] == k ? window[k][i] : won;
      const float d = before(grad[i], out[i], relu);
      sums[0][i] += d;
      sums[1][i] += d * (won - means.values[i]) * rstds.values[i];
    }
  }
  for (int s = 0; s < 2; ++s)
    for (int i = 0; i < size; ++i) shared[(s * size + i) * blockDim.x + threadIdx.x] = sums[s][i];
  __syncthreads();
  if (turn > 0) return;
  const unsigned channels = place.packs * size;
  for (int s = 0; s < (mean ? 2 : 1); ++s)
    for (int i = 0; i < size; ++i) {
      float sum = 0;
      for (unsigned t = 0; t < turns; ++t)
        sum += shared[(s * size + i) * blockDim.x + t * lanes + lane];
      partial[(blockIdx.y * 2 + s) * channels + pack * size + i] = sum;
    }
}

template <typename T>
__global__ void backward_kernel(Place place, unsigned count, const Pack<T>* x, const Pack<T>* y,
                                const Pack<T>* grad_y, const Bytes<Pack<T>::kSize>* winner,
                                const float* scale, const float* offset, const float* slope,
                                bool relu, Pack<T>* grad_x) {
  constexpr int size = Pack<T>::kSize;
  const unsigned id = blockIdx.x * kThreads + threadIdx.x;
  if (id >= count) return;
  const unsigned row = id / place.packs, pack = id % place.packs;
  const unsigned first = place.first(row, pack);
  const Pack<T> grad = grad_y[id], out = relu ? y[id] : Pack<T>{};
  const Bytes<size> best = winner[id];
  const Floats<size> scales(scale, pack * size, 1), offsets(offset, pack * size, 0),
      slopes(slope, pack * size, 0);
  for (int k = 0; k < kWindow; ++k) {
    const unsigned at = first + place.step(k);
    const Pack<T> in = slope ? x[at] : Pack<T>{};
    Pack<T> to;
    for (int i = 0; i < size; ++i) {
      const float d = best.values[i] == k ? before(grad[i], out[i], relu) : 0.f;
      const float all = slope ? offsets.values[i] + slopes.values[i] * in[i] : 0.f;
      to.set(i, scales.values[i] * d - all);
    }
    grad_x[at] = to;
  }
}

void check(const char* kernel) {
  const cudaError_t error = cudaGetLastError();
  if (error != cudaSuccess)
    throw std::runtime_error(std::string(kernel) + ": " + cudaGetErrorString(error));
}

template <typename T>
unsigned count_of(const PoolBlockShape& shape) {
  return static_cast<unsigned>(shape.rows() * shape.channels / Pack<T>::kSize);
}

unsigned blocks_of(unsigned count) {
  return (count + kThreads - 1) / kThreads;
}

// How the sums' work is cut.
struct Cut {
  unsigned lanes, columns, pieces, rows_a_piece;
};

Cut cut_of(const PoolBlockShape& shape) {
  const auto packs = static_cast<unsigned>(shape.channels / pool_block_lanes(shape.type));
  unsigned lanes = std::min<unsigned>(packs, kMostLanes);
  while (packs % lanes != 0) --lanes;
  const unsigned columns = packs / lanes, turns = kThreads / lanes;
  const auto rows = static_cast<unsigned>(shape.rows());
  const unsigned most = std::max(1u, rows / turns), wanted = std::max(1u, kPieces / columns);
  const unsigned pieces = std::min(most, wanted), rows_a_piece = (rows + pieces - 1) / pieces;
  return {lanes, columns, (rows + rows_a_piece - 1) / rows_a_piece, rows_a_piece};
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
    forward_kernel<T><<<blocks_of(count), kThreads, 0, stream>>>(
        place_of<T>(work.shape), count, packs(work.x), work.scale, work.shift, work.relu,
        static_cast<Pack<T>*>(work.y), reinterpret_cast<Bytes<kSize>*>(work.winner));
  }

  static void sums(const PoolBlockSums& work, cudaStream_t stream) {
    const Cut cut = cut_of(work.shape);
    const unsigned threads = kThreads / cut.lanes * cut.lanes;
    sums_kernel<T><<<dim3(cut.columns, cut.pieces), threads, 0, stream>>>(
        place_of<T>(work.shape), static_cast<unsigned>(work.shape.rows()), cut.lanes,
        cut.rows_a_piece, packs(work.x), packs(work.y), packs(work.grad_y), bytes(work.winner),
        work.mean, work.rstd, work.relu, work.partial);
  }

  static void backward(const PoolBlockBackward& work, cudaStream_t stream) {
    const unsigned count = count_of<T>(work.shape);
    backward_kernel<T><<<blocks_of(count), kThreads, 0, stream>>>(
        place_of<T>(work.shape), count, packs(work.x), packs(work.y), packs(work.grad_y),
        bytes(work.winner), work.scale, work.offset, work.slope, work.relu,
        static_cast<Pack<T>*>(work.grad_x));
  }
};

template <typename Call>
void with_type(NumberType type, const char* name, const Call& call) {
  if (type == NumberType::bfloat16)
    call(Typed<__nv_bfloat16>());
  else
    call(Typed<float>());
  check(name);
}

}  // namespace

int64_t pool_block_lanes(NumberType type) {
  return type == NumberType::bfloat16 ? Pack<__nv_bfloat16>::kSize : Pack<float>::kSize;
}

int64_t pool_block_pieces(const PoolBlockShape& shape) {
  return cut_of(shape).pieces;
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
