#include "mix_probabilities.h"

#include <ATen/ATen.h>
#include <ATen/record_function.h>
#include <torch/csrc/autograd/custom_function.h>

#include "first_derivative.h"
#include "outputs.h"

namespace moestro {
namespace {

struct Mixed {
  Tensor mixed_NC, normalisers;
};

Mixed mixed(const Tensor& out_NKC, const Tensor& weights_NK, VectorPath path) {
  const MixShape shape = shape_of(out_NKC);
  const at::TensorOptions options = out_NKC.options().requires_grad(false);
  const int64_t lanes = lane_count(path);
  Mixed result = {at::empty({shape.samples, shape.classes}, options),
                  at::empty({shape.blocks(lanes), shape.experts, lanes}, options)};
  const MixForward work{shape,
                        places_of(out_NKC),
                        out_NKC.const_data_ptr<float>(),
                        weights_NK.const_data_ptr<float>(),
                        result.normalisers.mutable_data_ptr<float>(),
                        result.mixed_NC.mutable_data_ptr<float>()};
  for_blocks(shape, path,
             [&](int64_t first, int64_t last) { mix_forward(path, work, first, last); });
  return result;
}

struct MixFunction : torch::autograd::Function<MixFunction> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& any_out_NKC,
                        const Tensor& any_weights_NK, VectorPath path) {
    const Tensor out_NKC = without_holes(any_out_NKC), weights_NK = any_weights_NK.contiguous();
    const auto [mixed_NC, normalisers] = mixed(out_NKC, weights_NK, path);
    context->save_for_backward({out_NKC, weights_NK, mixed_NC, normalisers});
    context->saved_data["path"] = static_cast<int64_t>(path);
    return mixed_NC;
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list grads) {
    refuse_second_derivatives("mix_probabilities");
    const auto saved = context->get_saved_variables();
    const Tensor &out_NKC = saved[0], &weights_NK = saved[1], &mixed_NC = saved[2],
                 &normalisers = saved[3];
    const Tensor grad_NC = grads[0].contiguous();
    const auto path = static_cast<VectorPath>(context->saved_data["path"].toInt());
    Tensor grad_out = at::empty_like(out_NKC), grad_weights = at::empty_like(weights_NK);
    const MixBackward work{shape_of(out_NKC),
                           places_of(out_NKC),
                           out_NKC.const_data_ptr<float>(),
                           weights_NK.const_data_ptr<float>(),
                           normalisers.const_data_ptr<float>(),
                           mixed_NC.const_data_ptr<float>(),
                           grad_NC.const_data_ptr<float>(),
                           grad_out.mutable_data_ptr<float>(),
                           grad_weights.mutable_data_ptr<float>()};
    for_blocks(work.shape, path,
               [&](int64_t first, int64_t last) { mix_backward(path, work, first, last); });
    return {grad_out, grad_weights, Tensor()};
  }
};

}  // namespace

Tensor mix_probabilities(const Tensor& out_NKC, const Tensor& weights_NK, VectorPath path) {
  // Profilers see dispatched operators only.
  RECORD_FUNCTION("moestro::mix_probabilities", c10::ArrayRef<const c10::IValue>());
  return MixFunction::apply(out_NKC, weights_NK, path);
}

}  // namespace moestro
