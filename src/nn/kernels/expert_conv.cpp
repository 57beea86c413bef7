#include "expert_conv.h"

#include <ATen/ATen.h>
#include <ATen/record_function.h>
#include <torch/csrc/autograd/custom_function.h>

#include "cuda/device_memory.h"
#include "cuda/expert_conv_kernel.h"
#include "first_derivative.h"
#include "has_cuda_kernels.h"

namespace moestro {

#if MOESTRO_HAS_CUDA_KERNELS

namespace {

ExpertConvShape shape_of(const Tensor& x, const Tensor& weight_EOIKK) {
  return {x.size(0),           x.size(2), x.size(3), weight_EOIKK.size(0), weight_EOIKK.size(2),
          weight_EOIKK.size(1)};
}

Tensor gradient_of_images(const ExpertConvShape& s, const Tensor& grad_y, const Tensor& weight) {
  const Tensor grad_x =
      at::empty({s.images, s.experts * s.in, s.height, s.width}, grad_y.options(), kChannelsLast);
  expert_conv_images({s, grad_y.const_data_ptr(), floats(weight), grad_x.mutable_data_ptr()},
                     current_stream(grad_y));
  return grad_x;
}

Tensor gradient_of_weight(const ExpertConvShape& s, const Tensor& x, const Tensor& grad_y) {
  const auto options = at::TensorOptions(at::kFloat).device(x.device());
  const Tensor partial = at::empty({expert_conv_partial(s)}, options);
  const Tensor grad_weight = at::empty({s.experts, s.out, s.in, 3, 3}, options);
  expert_conv_weights({s, x.const_data_ptr(), grad_y.const_data_ptr(),
                       partial.mutable_data_ptr<float>(), grad_weight.mutable_data_ptr<float>()},
                      current_stream(x));
  return grad_weight;
}

struct ExpertConvFunction : torch::autograd::Function<ExpertConvFunction> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x,
                        const Tensor& weight_EOIKK) {
    const ExpertConvShape s = shape_of(x, weight_EOIKK);
    const Tensor y = at::empty({s.images, s.experts * s.out, s.height, s.width},
                               x.options().requires_grad(false), kChannelsLast);
    expert_conv_forward({s, x.const_data_ptr(), floats(weight_EOIKK), y.mutable_data_ptr()},
                        current_stream(x));
    context->save_for_backward({x, weight_EOIKK});
    return y;
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list grads) {
    refuse_second_derivatives("expert_conv");
    const auto saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1];
    const ExpertConvShape s = shape_of(x, weight);
    const Tensor grad_y = grads[0].contiguous(kChannelsLast);
    return {context->needs_input_grad(0) ? gradient_of_images(s, grad_y, weight) : Tensor(),
            context->needs_input_grad(1) ? gradient_of_weight(s, x, grad_y) : Tensor()};
  }
};

}  // namespace

bool expert_conv_fits(const Tensor& like, const Shape& images, int64_t experts, int64_t filters) {
  if (!like.is_cuda() || like.scalar_type() != at::kBFloat16 || images[0] == 0) return false;
  return expert_conv_fits({images[0], images[2], images[3], experts, images[1] / experts, filters});
}

Tensor expert_conv(const Tensor& x, const Tensor& weight_EOIKK) {
  RECORD_FUNCTION("moestro::expert_conv", c10::ArrayRef<const c10::IValue>());
  return ExpertConvFunction::apply(x.contiguous(kChannelsLast), weight_EOIKK.contiguous());
}

#else

bool expert_conv_fits(const Tensor&, const Shape&, int64_t, int64_t) {
  return false;
}

Tensor expert_conv(const Tensor&, const Tensor&) {
  MOESTRO_CHECK(false, "this build has no kernels for CUDA");
  return {};
}

#endif

}  // namespace moestro
