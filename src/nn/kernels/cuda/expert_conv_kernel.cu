// Forward, and the gradient of the images, which is the same convolution with the filters turned
// and the channels changed over. A product of patches by filters; the patches are never written
// out: a row of the left matrix is read at the pixel that a tap looks at.
#include "expert_images.cuh"

namespace moestro {
namespace {

// What a launch computes. Of the weights of an expert, that from channel i to channel o starts at
// o * of_out + i * of_in.
struct Convolution {
  ExpertImages images;
  int buffers, experts, out;
  int64_t pixels;  // of all images
  int of_out, of_in;
  bool turned;
  const Number* x;
  const float* weight;
  Number* y;
};

// From C channels to O, all or a slice of them; S warps share pixels, each with its part of O.
template <int C, int O, int S>
struct ConvBlock {
  static constexpr int kParts = O / S / 8;  // of 8 columns, a warp
  static constexpr int kPixels = kWarps / S * 2 * kTile;
  static constexpr int kPitch = kTaps * C + kRowPad, kFilters = O * kPitch;
  static_assert(kParts % 2 == 0, "two parts share a load");

  static size_t bytes(const ExpertImages& images, int buffers) {
    return sizeof(Number) * (kFilters + buffers * images.numbers<C>()) + images.tap_bytes();
  }
};

#if MOESTRO_HAS_MATRIX_UNIT

template <int C, int O, int S>
__device__ void copy_filters(Number* filters, const Convolution& work, int expert, int slice) {
  using Block = ConvBlock<C, O, S>;
  const float* const weight =
      work.weight + static_cast<int64_t>(expert) * C * work.out * kTaps + slice * O * work.of_out;
#pragma unroll 18
  for (int i = threadIdx.x; i < O * C * kTaps; i += kThreads) {
    const int tap = i % kTaps, pair = i / kTaps;
    const int o = work.turned ? pair % O : pair / C, in = work.turned ? pair / O : pair % C;
    filters[dealt_row<Block::kParts>(o) * Block::kPitch +
            (work.turned ? kTaps - 1 - tap : tap) * C + in] =
        __float2bfloat16(__ldg(weight + o * work.of_out + in * work.of_in + tap));
  }
}

// sums [32 pixels, 8 parts] = patches by filters.
template <int C, int Parts>
__device__ void multiply_patches(float (&sums)[2][Parts][4], const Window<C> (&window)[2],
                                 const Number* filter, int pitch) {
#pragma unroll 1
  for (int line = 0; line < 3; ++line)
#pragma unroll
    for (int column = 0; column < 3; ++column) {
      const Number* const rows[2] = {window[0].row(line, column), window[1].row(line, column)};
#pragma unroll
      for (int k = 0; k < C; k += 16) {
        const Fragment a[2] = {load_matrices(rows[0] + k), load_matrices(rows[1] + k)};
        for (int j = 0; j < Parts; j += 2) {
          const Fragment b = load_matrices(filter + j * 8 * pitch + (line * 3 + column) * C + k);
          for (int m = 0; m < 2; ++m) multiply(sums[m][j], sums[m][j + 1], a[m], b);
        }
      }
    }
}

template <int Parts>
__device__ void store(const float (&sums)[Parts][4], int half, Number* to) {
  alignas(16) __nv_bfloat162 packed[Parts];
  for (int j = 0; j < Parts; ++j)
    packed[j] = __floats2bfloat162_rn(sums[j][2 * half], sums[j][2 * half + 1]);
  if constexpr (Parts % 4 == 0)
    for (int j = 0; j < Parts; j += 4)
      *reinterpret_cast<uint4*>(to + 2 * j) = *reinterpret_cast<const uint4*>(packed + j);
  else
    *reinterpret_cast<uint2*>(to) = *reinterpret_cast<const uint2*>(packed);
}

#endif

template <int C, int O, int S>
__global__ void __launch_bounds__(kThreads, O / S > 32 ? 2 : 3) conv_kernel(Convolution work) {
#if MOESTRO_HAS_MATRIX_UNIT
  using Block = ConvBlock<C, O, S>;
  constexpr int parts = Block::kParts, pitch = Block::kPitch;
  extern __shared__ __align__(16) unsigned char memory[];
  const ExpertImages images = work.images;
  const int numbers = images.numbers<C>();
  auto* const filters = reinterpret_cast<Number*>(memory);
  Number* const places = filters + Block::kFilters;
  auto* const taps = reinterpret_cast<int*>(places + work.buffers * numbers);
  const int slices = work.out / O, expert = blockIdx.x / slices, slice = blockIdx.x % slices;
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, channel = warp % S * 8 * parts;

  copy_filters<C, O, S>(filters, work, expert, slice);
  write_taps(taps, images);
  for (int buffer = 0; buffer < work.buffers; ++buffer)
    fill_with_zeros(places + (buffer + 1) * numbers - (C + kRowPad), C + kRowPad);

  const int64_t stride_in = static_cast<int64_t>(work.experts) * C;
  const int64_t stride_out = static_cast<int64_t>(work.experts) * work.out;
  const auto count_at = [&](int64_t first) {
    return static_cast<int>(min(static_cast<int64_t>(images.pixels()), work.pixels - first));
  };
  const auto copy = [&](int64_t first, int buffer) {
    if (first < work.pixels)
      copy_pixels<C>(places + buffer * numbers, work.x + first * stride_in + expert * C, stride_in,
                     count_at(first), count_at(first));
    end_of_copies();
  };
  const Number* const filter =
      filters + (channel + lane / 16 * 8 + lane % 8) * pitch + lane / 8 % 2 * 8;
  Number* const out = work.y + expert * work.out + slice * O + channel + lane % 4 * 2 * parts;

  for_each_round(work.pixels, images.pixels(), work.buffers, copy, [&](int64_t first, int buffer) {
    const int count = count_at(first);
    for (int start = warp / S * 2 * kTile; start < count; start += Block::kPixels) {
      Window<C> window[2];
      for (int m = 0; m < 2; ++m)
        window[m] =
            window_of<C>(places + buffer * numbers, taps, images,
                         min(start + m * kTile + lane % 16, images.rows() - 1), lane / 16 * 8);
      float sums[2][parts][4] = {};
      multiply_patches<C>(sums, window, filter, pitch);
      for (int m = 0; m < 2; ++m)
        for (int half = 0; half < 2; ++half) {
          const int p = start + m * kTile + half * 8 + lane / 4;
          if (p < count) store<parts>(sums[m], half, out + (first + p) * stride_out);
        }
    }
  });
#endif
}

// Calls with the block and the kernel for a convolution between these channels; false: there is
// none.
template <typename Call>
bool with_block(int64_t in, int64_t out, const Call& call) {
  bool known = false;
  OneOf<16, 32, 64, 128>::call(in, [&](auto c) {
    constexpr int C = decltype(c)::value, most = C == 128 ? 32 : 64;
    const int64_t slice = std::min<int64_t>(out, most);
    if (out % slice != 0) return;
    OneOf<16, 32, 64>::call(slice, [&](auto o) {
      constexpr int O = decltype(o)::value;
      if constexpr (O <= most) {
        constexpr int S = C == 128 && O == 32 ? 2 : 1;
        call(ConvBlock<C, O, S>(), conv_kernel<C, O, S>, out / O);
        known = true;
      }
    });
  });
  return known;
}

template <typename Block, typename Kernel>
ExpertPlan plan_of_block(const ExpertConvShape& shape, Kernel kernel, int64_t slices) {
  return plan_of(shape, kernel, Block::bytes, Block::kPixels, shape.experts * slices);
}

void run(const ExpertConvShape& s, const void* x, const float* weight, void* y, bool turned,
         void* stream) {
  const int64_t in = turned ? s.out : s.in, out = turned ? s.in : s.out;
  const bool known = with_block(in, out, [&](auto block, auto kernel, int64_t slices) {
    const ExpertPlan plan = plan_of_block<decltype(block)>(s, kernel, slices);
    const auto along = static_cast<int>(s.in * kTaps);
    const Convolution work{plan.images,
                           plan.buffers,
                           static_cast<int>(s.experts),
                           static_cast<int>(out),
                           s.images * s.height * s.width,
                           turned ? kTaps : along,
                           turned ? along : kTaps,
                           turned,
                           static_cast<const Number*>(x),
                           weight,
                           static_cast<Number*>(y)};
    const dim3 grid(static_cast<unsigned>(s.experts * slices), plan.pieces);
    kernel<<<grid, kThreads, plan.bytes, static_cast<cudaStream_t>(stream)>>>(work);
  });
  expect(known, "expert_conv");
  check(cudaGetLastError(), turned ? "expert_conv_images" : "expert_conv_forward");
}

bool fits(const ExpertConvShape& shape, int64_t in, int64_t out) {
  bool has_room = false;
  with_block(in, out, [&](auto block, auto kernel, int64_t slices) {
    has_room = plan_of_block<decltype(block)>(shape, kernel, slices).buffers > 0;
  });
  return has_room;
}

}  // namespace

bool expert_conv_fits(const ExpertConvShape& shape) {
  return has_bfloat16_units() && fits(shape, shape.in, shape.out) &&
         fits(shape, shape.out, shape.in) && expert_conv_partial(shape) > 0;
}

void expert_conv_forward(const ExpertConvForward& work, void* stream) {
  run(work.shape, work.x, work.weight, work.y, false, stream);
}

void expert_conv_images(const ExpertConvImages& work, void* stream) {
  run(work.shape, work.grad_y, work.weight, work.grad_x, true, stream);
}

}  // namespace moestro
