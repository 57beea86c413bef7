#include "image_block.h"

#include <ATen/ATen.h>
#include <ATen/record_function.h>
#include <torch/csrc/autograd/custom_function.h>

#include "cuda/device_memory.h"
#include "cuda/image_block_kernel.h"
#include "first_derivative.h"
#include "has_cuda_kernels.h"

namespace moestro {

#if MOESTRO_HAS_CUDA_KERNELS

namespace {

ImageBlockShape shape_of(const Tensor& x, int64_t filters) {
  return {x.size(0), x.size(1), x.size(2), x.size(3), filters};
}

struct ImageBlockFunction : torch::autograd::Function<ImageBlockFunction> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x,
                        const Tensor& weight_GP, const Tensor& bias_G, bool relu) {
    const ImageBlockShape s = shape_of(x, weight_GP.size(0));
    const Shape half = {s.images, s.filters, s.height / 2, s.width / 2};
    const Tensor y = at::empty(half, x.options(), kChannelsLast);
    const Tensor winner = at::empty(half, x.options().dtype(at::kByte), kChannelsLast);
    image_block_forward({s, x.const_data_ptr(), floats(weight_GP), floats(bias_G), relu,
                         y.mutable_data_ptr(), winner.mutable_data_ptr<uint8_t>()},
                        current_stream(x));
    context->save_for_backward({x, winner});
    return y;
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list grads) {
    refuse_second_derivatives("image_block");
    const auto saved = context->get_saved_variables();
    const Tensor &x = saved[0], &winner = saved[1];
    const ImageBlockShape s = shape_of(x, winner.size(1));
    const Tensor grad_y = grads[0].contiguous(kChannelsLast);
    const auto options = at::TensorOptions(at::kFloat).device(x.device());
    const Tensor partial = at::empty({image_block_partial(s)}, options),
                 grad_weight = at::empty({s.filters, s.channels * 9}, options),
                 grad_bias = at::empty({s.filters}, options);
    image_block_backward(
        {s, x.const_data_ptr(), grad_y.const_data_ptr(), winner.const_data_ptr<uint8_t>(),
         partial.mutable_data_ptr<float>(), grad_weight.mutable_data_ptr<float>(),
         grad_bias.mutable_data_ptr<float>()},
        current_stream(x));
    return {Tensor(), grad_weight, grad_bias, Tensor()};
  }
};

}  // namespace

bool image_block_fits(const Tensor& like, const Shape& images, int64_t filters) {
  if (!like.is_cuda() || like.scalar_type() != at::kBFloat16 || images[0] == 0) return false;
  return image_block_fits({images[0], images[1], images[2], images[3], filters});
}

Tensor image_block(const Tensor& x, const Tensor& weight_GP, const Tensor& bias_G, bool relu) {
  RECORD_FUNCTION("moestro::image_block", c10::ArrayRef<const c10::IValue>());
  MOESTRO_CHECK(!x.requires_grad(), "images have no gradient");
  return ImageBlockFunction::apply(x.contiguous(), weight_GP.contiguous(), bias_G.contiguous(),
                                   relu);
}

#else

bool image_block_fits(const Tensor&, const Shape&, int64_t) {
  return false;
}

Tensor image_block(const Tensor&, const Tensor&, const Tensor&, bool) {
  MOESTRO_CHECK(false, "this build has no kernels for CUDA");
  return {};
}

#endif

}  // namespace moestro
