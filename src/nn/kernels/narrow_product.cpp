#include "narrow_product.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "optional_tensor.h"

namespace moestro {
namespace {

// A function of its own, since autograd would lay out the gradient of x like that of x^T, which
// what comes before must then turn round.
struct NarrowProduct : torch::autograd::Function<NarrowProduct> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x_END,
                        const Tensor& weight_EDF, const std::optional<Tensor>& bias_EF) {
    context->save_for_backward({x_END, weight_EDF});
    context->saved_data["bias"] = bias_EF.has_value();
    const Tensor weight_EFD = weight_EDF.transpose(1, 2), x_EDN = x_END.transpose(1, 2);
    const Tensor out_EFN = bias_EF ? at::baddbmm(bias_EF->unsqueeze(2), weight_EFD, x_EDN)
                                   : at::bmm(weight_EFD, x_EDN);
    return out_EFN.transpose(1, 2);
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list grads) {
    const auto saved = context->get_saved_variables();
    const Tensor &x_END = saved[0], &weight_EDF = saved[1], &grad_ENF = grads[0];
    Tensor grad_x, grad_weight, grad_bias;
    if (context->needs_input_grad(0)) grad_x = at::bmm(grad_ENF, weight_EDF.transpose(1, 2));
    if (context->needs_input_grad(1))
      grad_weight = at::bmm(grad_ENF.transpose(1, 2), x_END).transpose(1, 2);
    if (context->saved_data["bias"].toBool() && context->needs_input_grad(2))
      grad_bias = grad_ENF.sum(1);
    return {grad_x, grad_weight, grad_bias};
  }
};

}  // namespace

Tensor narrow_product(const Tensor& x_END, const Tensor& weight_EDF, const Tensor& bias_EF) {
  return NarrowProduct::apply(x_END, weight_EDF, optional(bias_EF));
}

}  // namespace moestro
