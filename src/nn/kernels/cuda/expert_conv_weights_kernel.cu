// The gradient of the filters: a product over all pixels, gradients turned by patches. Blocks share
// the images and leave their sums in pieces, which a second kernel adds.
#include "expert_images.cuh"

namespace moestro {
namespace {

struct WeightSums {
  ExpertImages images;
  int buffers, experts, in, out;
  int64_t pixels;
  const Number *x, *grad_y;
  float* partial;
};

// Between C channels in and O out, all or a slice of them; a warp keeps the sums of 16 x 16 of them
// for every tap, and warps that are left share the pixels.
template <int C, int O>
struct WeightBlock {
  static constexpr int kAcross = C / 16, kOwners = O / 16 * kAcross, kShares = kWarps / kOwners;
  static constexpr int kPixels = 256;
  static constexpr int kSums = 2 * kTaps;                // of 16 x 8, a warp
  static constexpr int kFloats = kOwners * kSums * 128;  // a block

  __host__ __device__ static int numbers(const ExpertImages& images) {
    return images.numbers<C>() + images.rows() * (O + kRowPad);
  }
  static size_t bytes(const ExpertImages& images, int buffers) {
    const size_t needed = buffers * sizeof(Number) * numbers(images) + images.tap_bytes();
    return kShares == 1 ? needed : std::max(needed, sizeof(float) * kFloats);
  }
};

// Where a slice's channels start.
struct Slice {
  int expert, in, out;
};

template <int C, int O>
__host__ __device__ Slice slice_of(int block, int in, int out) {
  const int across = in / C, slices = across * (out / O), slice = block % slices;
  return {block / slices, slice % across * C, slice / across * O};
}

#if MOESTRO_HAS_MATRIX_UNIT

// The first of the warps that share an owner's sums gets all of them, in one order.
template <typename Block>
__device__ void add_shares(float (&sums)[Block::kSums][4], float4* shared, int share) {
  for (int turn = 1; turn < Block::kShares; ++turn) {
    __syncthreads();
    if (share == turn)
      for (int s = 0; s < Block::kSums; ++s)
        shared[s * 32] = float4{sums[s][0], sums[s][1], sums[s][2], sums[s][3]};
    __syncthreads();
    if (share == 0)
      for (int s = 0; s < Block::kSums; ++s) {
        const float4 other = shared[s * 32];
        sums[s][0] += other.x;
        sums[s][1] += other.y;
        sums[s][2] += other.z;
        sums[s][3] += other.w;
      }
  }
}

#endif

template <int C, int O>
__global__ void __launch_bounds__(kThreads, 2) weights_kernel(WeightSums work) {
#if MOESTRO_HAS_MATRIX_UNIT
  using Block = WeightBlock<C, O>;
  constexpr int grad_pitch = O + kRowPad;
  extern __shared__ __align__(16) unsigned char memory[];
  const ExpertImages images = work.images;
  const int numbers = Block::numbers(images), image_numbers = images.numbers<C>();
  auto* const places = reinterpret_cast<Number*>(memory);
  auto* const taps = reinterpret_cast<int*>(places + work.buffers * numbers);
  const Slice slice = slice_of<C, O>(blockIdx.x, work.in, work.out);
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const int owner = warp % Block::kOwners, share = warp / Block::kOwners;
  const int row = owner / Block::kAcross * 16, column = owner % Block::kAcross * 16;

  write_taps(taps, images);
  for (int buffer = 0; buffer < work.buffers; ++buffer)
    fill_with_zeros(places + buffer * numbers + image_numbers - (C + kRowPad), C + kRowPad);

  const int64_t stride_in = static_cast<int64_t>(work.experts) * work.in;
  const int64_t stride_out = static_cast<int64_t>(work.experts) * work.out;
  const auto copy = [&](int64_t first, int buffer) {
    if (first < work.pixels) {
      const auto count =
          static_cast<int>(min(static_cast<int64_t>(images.pixels()), work.pixels - first));
      Number* const place = places + buffer * numbers;
      copy_pixels<C>(place, work.x + first * stride_in + slice.expert * work.in + slice.in,
                     stride_in, count, images.pixels());
      copy_pixels<O>(place + image_numbers,
                     work.grad_y + first * stride_out + slice.expert * work.out + slice.out,
                     stride_out, count, images.rows());
    }
    end_of_copies();
  };

  float sums[Block::kSums][4] = {};
  for_each_round(work.pixels, images.pixels(), work.buffers, copy, [&](int64_t first, int buffer) {
    const Number* const place = places + buffer * numbers;
    const Number* const grad =
        place + image_numbers + (lane / 16 * 8 + lane % 8) * grad_pitch + row + lane / 8 % 2 * 8;
    for (int start = share * kTile; start < images.rows(); start += Block::kShares * kTile) {
      const Fragment a = load_transposed(grad + start * grad_pitch);
      const Window<C> window =
          window_of<C>(place, taps, images, start + lane % 16, column + lane / 16 * 8);
#pragma unroll
      for (int tap = 0; tap < kTaps; ++tap)
        multiply(sums[2 * tap], sums[2 * tap + 1], a,
                 load_transposed(window.row(tap / 3, tap % 3)));
    }
  });

  add_shares<Block>(sums, reinterpret_cast<float4*>(memory) + owner * Block::kSums * 32 + lane,
                    share);
  if (share > 0) return;
  const int64_t block = static_cast<int64_t>(blockIdx.y) * gridDim.x + blockIdx.x;
  auto* const partial = reinterpret_cast<float4*>(work.partial + block * Block::kFloats) +
                        owner * Block::kSums * 32 + lane;
  for (int s = 0; s < Block::kSums; ++s)
    partial[s * 32] = float4{sums[s][0], sums[s][1], sums[s][2], sums[s][3]};
#endif
}

// Adds the pieces and puts each sum where its weight stands.
template <int C, int O>
__global__ void __launch_bounds__(kThreads)
    gather_kernel(int in, int out, int64_t count, int pieces, const float* partial,
                  float* grad_weight) {
  using Block = WeightBlock<C, O>;
  const int64_t id = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (id >= count) return;
  float sum = 0;
#pragma unroll 4
  for (int piece = 0; piece < pieces; ++piece) sum += partial[piece * count + id];
  const Slice slice = slice_of<C, O>(static_cast<int>(id / Block::kFloats), in, out);
  const int within = static_cast<int>(id % Block::kFloats);
  const int number = within % 4, lane = within / 4 % 32, s = within / 128 % Block::kSums,
            owner = within / (128 * Block::kSums);
  const int o = slice.out + owner / Block::kAcross * 16 + number / 2 * 8 + lane / 4;
  const int i = slice.in + owner % Block::kAcross * 16 + s % 2 * 8 + lane % 4 * 2 + number % 2;
  grad_weight[((static_cast<int64_t>(slice.expert) * out + o) * in + i) * kTaps + s / 2] = sum;
}

template <typename Call>
bool with_block(int64_t in, int64_t out, const Call& call) {
  const int64_t part_in = std::min<int64_t>(in, 32), part_out = std::min<int64_t>(out, 64);
  if (in % part_in != 0 || out % part_out != 0) return false;
  bool known = false;
  OneOf<16, 32>::call(part_in, [&](auto c) {
    OneOf<16, 32, 64>::call(part_out, [&](auto o) {
      constexpr int C = decltype(c)::value, O = decltype(o)::value;
      call(WeightBlock<C, O>(), weights_kernel<C, O>, gather_kernel<C, O>);
      known = true;
    });
  });
  return known;
}

// Sums of one piece.
int64_t count_of(const ExpertConvShape& shape) {
  return shape.experts * shape.in * shape.out * kTaps;
}

template <typename Block, typename Kernel>
ExpertPlan plan_of_block(const ExpertConvShape& shape, Kernel kernel) {
  return plan_of(shape, kernel, Block::bytes, Block::kPixels, count_of(shape) / Block::kFloats);
}

}  // namespace

int64_t expert_conv_partial(const ExpertConvShape& shape) {
  int64_t pieces = 0;
  with_block(shape.in, shape.out, [&](auto block, auto kernel, auto) {
    pieces = plan_of_block<decltype(block)>(shape, kernel).pieces;
  });
  return pieces * count_of(shape);
}

void expert_conv_weights(const ExpertConvWeights& work, void* stream) {
  const ExpertConvShape& s = work.shape;
  auto* const queue = static_cast<cudaStream_t>(stream);
  const auto in = static_cast<int>(s.in), out = static_cast<int>(s.out);
  const bool known = with_block(s.in, s.out, [&](auto block, auto kernel, auto gather) {
    using Block = decltype(block);
    const ExpertPlan plan = plan_of_block<Block>(s, kernel);
    const int64_t count = count_of(s);
    const WeightSums sums{plan.images,
                          plan.buffers,
                          static_cast<int>(s.experts),
                          in,
                          out,
                          s.images * s.height * s.width,
                          static_cast<const Number*>(work.x),
                          static_cast<const Number*>(work.grad_y),
                          work.partial};
    const dim3 grid(static_cast<unsigned>(count / Block::kFloats), plan.pieces);
    kernel<<<grid, kThreads, plan.bytes, queue>>>(sums);
    gather<<<blocks_for(count), kThreads, 0, queue>>>(in, out, count, plan.pieces, work.partial,
                                                      work.grad_weight);
  });
  expect(known, "expert_conv_weights");
  check(cudaGetLastError(), "expert_conv_weights");
}

}  // namespace moestro
