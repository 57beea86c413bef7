#include "pool_block.h"

#include <limits>

#include <ATen/ATen.h>
#include <ATen/record_function.h>
#include <torch/csrc/autograd/custom_function.h>

#include "cuda/device_memory.h"
#include "cuda/pool_block_kernel.h"
#include "first_derivative.h"
#include "has_cuda_kernels.h"
#include "optional_tensor.h"

namespace moestro {

#if MOESTRO_HAS_CUDA_KERNELS

namespace {

PoolBlockShape shape_of(const Tensor& x) {
  return {x.size(0), x.size(2), x.size(3), x.size(1), number_type(x)};
}

struct Pooled {
  Tensor y, winner;
};

Pooled pooled(const Tensor& x, const Tensor& scale_G, const Tensor& shift_G, bool relu) {
  const Shape half = {x.size(0), x.size(1), x.size(2) / 2, x.size(3) / 2};
  const auto plain = x.options().requires_grad(false);
  const Pooled out{at::empty(half, plain, kChannelsLast),
                   at::empty(half, plain.dtype(at::kByte), kChannelsLast)};
  pool_block_forward({shape_of(x), x.const_data_ptr(), floats(scale_G), floats(shift_G), relu,
                      out.y.mutable_data_ptr(), out.winner.mutable_data_ptr<uint8_t>()},
                     current_stream(x));
  return out;
}

// z = scale x + shift.
struct Affine {
  Tensor scale_G, shift_G;
};

Affine affine(const Tensor& weight_G, const Tensor& bias_G, const Tensor& mean_G,
              const Tensor& rstd_G) {
  if (!mean_G.defined()) return {{}, bias_G};
  const Tensor scale_G = weight_G * rstd_G;
  return {scale_G, bias_G - mean_G * scale_G};
}

// What the backward pass knows of the forward one.
struct Kept {
  Tensor x, winner, weight_G, mean_G, rstd_G;  // x undefined without a norm
  bool of_batch;
  PoolBlockShape shape;

  const void* images() const { return x.defined() ? x.const_data_ptr() : nullptr; }
};

// Sums of the gradient before the ReLU, and of it times the normalised winner: [2, G].
Tensor sums_of(const Kept& kept, const Tensor& grad_y) {
  const auto options = at::TensorOptions(at::kFloat).device(grad_y.device());
  const Tensor partial = at::empty({pool_block_partial(kept.shape)}, options);
  const Tensor sums_2G = at::empty({2, kept.shape.channels}, options);
  pool_block_sums({kept.shape, kept.images(), grad_y.const_data_ptr(),
                   kept.winner.const_data_ptr<uint8_t>(), floats(kept.mean_G), floats(kept.rstd_G),
                   partial.mutable_data_ptr<float>(), sums_2G.mutable_data_ptr<float>()},
                  current_stream(grad_y));
  return sums_2G;
}

// Ioffe and Szegedy 2015: dx = w s (d - mean d - x' mean (d x')), x' = (x - mean) s, the means over
// all values of a channel.
Tensor gradient_of_images(const Kept& kept, const Tensor& grad_y, const Tensor& sums_2G) {
  const PoolBlockShape& s = kept.shape;
  const Tensor scale_G = kept.mean_G.defined() ? kept.weight_G * kept.rstd_G : Tensor();
  Tensor offset_G, slope_G;
  if (kept.of_batch) {
    const auto values = static_cast<double>(s.images * s.height * s.width);
    slope_G = scale_G * kept.rstd_G * sums_2G[1] / values;
    offset_G = scale_G * sums_2G[0] / values - kept.mean_G * slope_G;
  }
  const Tensor grad_x =
      at::empty({s.images, s.channels, s.height, s.width}, grad_y.options(), kChannelsLast);
  pool_block_backward(
      {s, kept.images(), grad_y.const_data_ptr(), kept.winner.const_data_ptr<uint8_t>(),
       floats(scale_G), floats(offset_G), floats(slope_G), grad_x.mutable_data_ptr()},
      current_stream(grad_y));
  return grad_x;
}

struct PoolBlockFunction : torch::autograd::Function<PoolBlockFunction> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x,
                        const std::optional<Tensor>& weight_G, const std::optional<Tensor>& bias_G,
                        const std::optional<Tensor>& mean_G, const std::optional<Tensor>& rstd_G,
                        bool of_batch, bool relu) {
    const auto plain = [](const std::optional<Tensor>& tensor) {
      return tensor.value_or(Tensor());
    };
    const Affine z = affine(plain(weight_G), plain(bias_G), plain(mean_G), plain(rstd_G));
    const Pooled out = pooled(x, z.scale_G, z.shift_G, relu);
    context->save_for_backward(
        {mean_G ? x : Tensor(), out.winner, plain(weight_G), plain(mean_G), plain(rstd_G)});
    // Asked here: autograd counts no tensor that is missing.
    const auto learns = [](const std::optional<Tensor>& tensor) {
      return tensor && tensor->requires_grad();
    };
    context->saved_data["flags"] =
        Shape{of_batch, x.requires_grad(), learns(weight_G), learns(bias_G)};
    context->saved_data["shape"] = x.sizes().vec();
    return out.y;
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list grads) {
    refuse_second_derivatives("pool_block");
    const auto saved = context->get_saved_variables();
    const Shape flags = context->saved_data["flags"].toIntVector(),
                shape = context->saved_data["shape"].toIntVector();
    const Tensor grad_y = grads[0].contiguous(kChannelsLast);
    const Kept kept{saved[0],
                    saved[1],
                    saved[2],
                    saved[3],
                    saved[4],
                    flags[0] != 0,
                    {shape[0], shape[2], shape[3], shape[1], number_type(grad_y)}};
    const bool weight = flags[2] != 0, bias = flags[3] != 0;
    Tensor sums_2G, grad_x;
    if (weight || bias || kept.of_batch) sums_2G = sums_of(kept, grad_y);
    if (flags[1] != 0) grad_x = gradient_of_images(kept, grad_y, sums_2G);
    return {grad_x,
            weight ? sums_2G[1] : Tensor(),
            bias ? sums_2G[0] : Tensor(),
            Tensor(),
            Tensor(),
            Tensor(),
            Tensor()};
  }
};

}  // namespace

bool pool_block_fits(const Tensor& like, const Shape& images) {
  const at::ScalarType type = like.scalar_type();
  if (!like.is_cuda() || (type != at::kFloat && type != at::kBFloat16)) return false;
  const int64_t numbers = images[0] * images[1] * images[2] * images[3];
  return numbers > 0 && numbers <= std::numeric_limits<int32_t>::max() && images[2] % 2 == 0 &&
         images[3] % 2 == 0 && images[1] % pack_size(number_type(like)) == 0;
}

Tensor pool_block(const Tensor& x, const ChannelNorm& norm, bool relu) {
  const Shape shape = x.sizes().vec();
  MOESTRO_CHECK(pool_block_fits(x, shape), "images {}", shape_text(shape));
  RECORD_FUNCTION("moestro::pool_block", c10::ArrayRef<const c10::IValue>());
  return PoolBlockFunction::apply(x.contiguous(kChannelsLast), optional(norm.weight_G),
                                  optional(norm.bias_G), optional(norm.mean_G),
                                  optional(norm.rstd_G), norm.of_batch, relu);
}

#else

bool pool_block_fits(const Tensor&, const Shape&) {
  return false;
}

Tensor pool_block(const Tensor&, const ChannelNorm&, bool) {
  MOESTRO_CHECK(false, "this build has no kernels for CUDA");
  return {};
}

#endif

}  // namespace moestro
