#include "image_strips.cuh"
#include "pieces.cuh"

namespace moestro {
namespace {

constexpr int kSlice = 64, kSlicePitch = kSlice + kRowPad;  // filters of a block

struct Backward {
  Strips strips;
  const Number *x, *grad_y;
  const uint8_t* winner;
  float* partial;
};

#if MOESTRO_HAS_MATRIX_UNIT

// Gradients of a slice of filters, where the winners stand; zero elsewhere.
__device__ void place_gradients(Number* grads, const Backward& work, const Strip& strip,
                                int slice) {
  constexpr int packs = kSlice / 8;
  const Strips& strips = work.strips;
  const int pooled = strips.pixels() / kWindow, there = strip.lines * strips.width / kWindow;
  const int64_t at = (strip.image * (strips.height / 2) + strip.line / 2) * (strips.width / 2);
  for (int i = threadIdx.x; i < pooled * packs; i += kThreads) {
    const int q = i / packs, column = i % packs * 8;
    alignas(16) Number grad[8] = {};
    alignas(8) uint8_t winner[8] = {};
    if (q < there) {
      const int64_t place = (at + q) * strips.filters + slice + column;
      *reinterpret_cast<uint4*>(grad) = *reinterpret_cast<const uint4*>(work.grad_y + place);
      *reinterpret_cast<uint2*>(winner) = *reinterpret_cast<const uint2*>(work.winner + place);
    }
    const int first = first_of_window(strips, q);
    for (int k = 0; k < kWindow; ++k) {
      alignas(16) Number placed[8];
      for (int c = 0; c < 8; ++c) placed[c] = winner[c] == k ? grad[c] : Number{};
      *reinterpret_cast<uint4*>(grads + (first + k / 2 * strips.width + k % 2) * kSlicePitch +
                                column) = *reinterpret_cast<const uint4*>(placed);
    }
  }
}

#endif

// Patches turned by the gradients, which are put where the winners stand and zero elsewhere. A warp
// keeps the sums of 32 x 16; two warps share the pixels.
template <int Channels>
__global__ void __launch_bounds__(kThreads, 3) backward_kernel(Backward work) {
#if MOESTRO_HAS_MATRIX_UNIT
  extern __shared__ __align__(16) unsigned char memory[];
  const Strips& strips = work.strips;
  auto* const patches = reinterpret_cast<Number*>(memory);
  Number* const grads = patches + kStripPixels * kPatch;
  Number* const framed = grads + kStripPixels * kSlicePitch;
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, owner = warp % 4, share = warp / 4;
  const int slice = blockIdx.x * kSlice;

  float sums[2][2][4] = {};
  for (int64_t index = blockIdx.y; index < strips.count(); index += gridDim.y) {
    const Strip strip = strip_of(strips, index);
    __syncthreads();
    place_gradients(grads, work, strip, slice);
    write_patches<Channels>(patches, framed, strips, strip, work.x);
    const Number* const patch = patches + (lane / 16 * 8 + lane % 8) * kPatch + lane / 8 % 2 * 8;
    const Number* const grad = grads + lane % 16 * kSlicePitch + owner * 16 + lane / 16 * 8;
    for (int start = share * 16; start < strips.pixels(); start += 32) {
      const Fragment b = load_transposed(grad + start * kSlicePitch);
      for (int m = 0; m < 2; ++m)
        multiply(sums[m][0], sums[m][1], load_transposed(patch + start * kPatch + m * 16), b);
    }
  }

  auto* const shared = reinterpret_cast<float4*>(memory) + owner * 4 * 32 + lane;
  __syncthreads();
  if (share == 1)
    for (int s = 0; s < 4; ++s) {
      const float(&own)[4] = sums[s / 2][s % 2];
      shared[s * 32] = float4{own[0], own[1], own[2], own[3]};
    }
  __syncthreads();
  if (share == 1) return;
  const int64_t block = static_cast<int64_t>(blockIdx.y) * gridDim.x + blockIdx.x;
  float* const partial = work.partial + block * kSlice * kDepth;
  for (int s = 0; s < 4; ++s) {
    const float4 other = shared[s * 32];
    const float(&own)[4] = sums[s / 2][s % 2];
    const float both[4] = {own[0] + other.x, own[1] + other.y, own[2] + other.z, own[3] + other.w};
    for (int c = 0; c < 4; ++c) {
      const int k = s / 2 * 16 + c / 2 * 8 + lane / 4,
                filter = owner * 16 + s % 2 * 8 + lane % 4 * 2 + c % 2;
      partial[filter * kDepth + k] = both[c];
    }
  }
#endif
}

// A block a filter, a lane a weight; the last of them is the bias.
__global__ void __launch_bounds__(kThreads)
    gather_kernel(int filters, int depth, int pieces, const float* partial, float* grad_weight,
                  float* grad_bias) {
  const int filter = blockIdx.x, k = threadIdx.x % 32;
  const float sum = sum_of_pieces(partial, pieces, filters * kDepth, filter * kDepth + k);
  if (threadIdx.x >= 32) return;
  if (k < depth) grad_weight[filter * depth + k] = sum;
  if (k == depth) grad_bias[filter] = sum;
}

size_t bytes_of(const Strips& strips) {
  return sizeof(Number) * (kStripPixels * (kPatch + kSlicePitch) + strips.framed());
}

// Blocks that share the strips of a slice; 0 where there is no room for one.
int pieces_of(const ImageBlockShape& shape) {
  const Strips strips = strips_of(shape);
  const size_t bytes = bytes_of(strips);
  if (shape.filters % kSlice != 0 || bytes > most_block_bytes()) return 0;
  int64_t most = 0;
  with_channels(shape.channels, [&](auto channels) {
    most = resident_blocks(backward_kernel<decltype(channels)::value>, bytes);
  });
  return static_cast<int>(std::clamp<int64_t>(most / (shape.filters / kSlice), 1, strips.count()));
}

}  // namespace

int64_t image_block_partial(const ImageBlockShape& shape) {
  return pieces_of(shape) * shape.filters * kDepth;
}

void image_block_backward(const ImageBlockBackward& work, void* stream) {
  const Strips strips = strips_of(work.shape);
  const int pieces = pieces_of(work.shape);
  expect(pieces > 0, "image_block_backward");
  auto* const queue = static_cast<cudaStream_t>(stream);
  const Backward backward{strips, static_cast<const Number*>(work.x),
                          static_cast<const Number*>(work.grad_y), work.winner, work.partial};
  const dim3 grid(static_cast<unsigned>(strips.filters / kSlice), pieces);
  with_channels(work.shape.channels, [&](auto channels) {
    backward_kernel<decltype(channels)::value>
        <<<grid, kThreads, bytes_of(strips), queue>>>(backward);
  });
  gather_kernel<<<strips.filters, kThreads, 0, queue>>>(
      strips.filters, strips.depth(), pieces, work.partial, work.grad_weight, work.grad_bias);
  check(cudaGetLastError(), "image_block_backward");
}

}  // namespace moestro
