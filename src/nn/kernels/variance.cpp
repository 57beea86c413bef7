#include "variance.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/record_function.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "first_derivative.h"
#include "outputs.h"
#include "variance_kernel.h"

namespace moestro {
namespace {

struct VarianceFunction : torch::autograd::Function<VarianceFunction> {
  static torch::autograd::tensor_list forward(torch::autograd::AutogradContext* context,
                                              const Tensor& any_out_NKC, bool wants_gradient,
                                              bool log_probabilities, VectorPath path) {
    const Tensor out_NKC = without_holes(any_out_NKC);
    const MixShape shape = shape_of(out_NKC);
    Tensor grad_NKC = wants_gradient ? at::empty_like(out_NKC) : Tensor();
    std::vector<double> sums(2 * shape.blocks(lane_count(path)));
    const VarianceWork work{shape,
                            places_of(out_NKC),
                            log_probabilities,
                            out_NKC.const_data_ptr<float>(),
                            grad_NKC.defined() ? grad_NKC.mutable_data_ptr<float>() : nullptr,
                            sums.data()};
    for_blocks(shape, path,
               [&](int64_t first, int64_t last) { variance(path, work, first, last); });
    double squares = 0, means = 0;
    for (size_t i = 0; i < sums.size(); i += 2) {
      squares += sums[i];
      means += sums[i + 1];
    }
    const auto count = static_cast<double>(shape.samples * shape.classes),
               all = count * static_cast<double>(shape.experts);
    context->save_for_backward({grad_NKC});
    context->saved_data["factor"] = 2 / all;
    const Tensor value = at::scalar_tensor(squares / all, at::kFloat),
                 square = at::scalar_tensor(squares / all + means / count, at::kFloat);
    context->mark_non_differentiable({square});
    return {value, square};
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list grads) {
    refuse_second_derivatives("expert_variance");
    const double factor = context->saved_data["factor"].toDouble();
    return {context->get_saved_variables()[0] * (grads[0] * factor), Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

ExpertVariance one_pass_variance(const Tensor& out_NKC, bool log_probabilities, VectorPath path) {
  // Profilers see dispatched operators only.
  RECORD_FUNCTION("moestro::expert_variance", c10::ArrayRef<const c10::IValue>());
  const bool wants_gradient = c10::GradMode::is_enabled() && out_NKC.requires_grad();
  const auto found = VarianceFunction::apply(out_NKC, wants_gradient, log_probabilities, path);
  return {found[0], found[1]};
}

}  // namespace moestro
