#include "fold_batch_norm.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/record_function.h>
#include <torch/csrc/autograd/custom_function.h>

#include "first_derivative.h"
namespace moestro {
namespace {

// What both passes know of one filter.
struct Filter {
  double shift;                     // w^T m
  double variance, inverse;         // w^T C w and 1 / sqrt(. + epsilon)
  std::vector<double> covariances;  // C w
};

// Operators of a few numbers each would take longer than the numbers do.
Filter filter_of(const float* weight, const double* mean, const double* covariance, int64_t taps,
                 double epsilon) {
  Filter filter{0, 0, 0, std::vector<double>(taps)};
  for (int64_t a = 0; a < taps; ++a) {
    filter.shift += weight[a] * mean[a];
    for (int64_t b = 0; b < taps; ++b)
      filter.covariances[a] += covariance[a * taps + b] * weight[b];
    filter.variance += weight[a] * filter.covariances[a];
  }
  filter.variance = std::max(filter.variance, 0.);
  filter.inverse = 1 / std::sqrt(filter.variance + epsilon);
  return filter;
}

struct FoldFunction : torch::autograd::Function<FoldFunction> {
  static torch::autograd::tensor_list forward(torch::autograd::AutogradContext* context,
                                              const Tensor& any_weight, const Tensor& any_bias,
                                              const Tensor& any_scale, const Tensor& any_shift,
                                              const Tensor& mean_P, const Tensor& covariance_PP,
                                              double epsilon) {
    const Tensor weight_GP = any_weight.contiguous(), bias_G = any_bias.contiguous(),
                 scale_G = any_scale.contiguous(), shift_G = any_shift.contiguous();
    const int64_t filters = weight_GP.size(0), taps = weight_GP.size(1);
    const at::TensorOptions options = weight_GP.options().requires_grad(false);
    Tensor folded_GP = at::empty({filters, taps}, options),
           folded_G = at::empty({filters}, options);
    Tensor statistics_2G = at::empty({2, filters}, options.dtype(at::kDouble));
    const float *weight = weight_GP.const_data_ptr<float>(), *bias = bias_G.const_data_ptr<float>(),
                *scale = scale_G.const_data_ptr<float>(), *shift = shift_G.const_data_ptr<float>();
    float *out = folded_GP.mutable_data_ptr<float>(),
          *out_bias = folded_G.mutable_data_ptr<float>();
    double* statistics = statistics_2G.mutable_data_ptr<double>();
    for (int64_t g = 0; g < filters; ++g) {
      const Filter filter = filter_of(weight + g * taps, mean_P.const_data_ptr<double>(),
                                      covariance_PP.const_data_ptr<double>(), taps, epsilon);
      const double s = scale[g] * filter.inverse;
      for (int64_t a = 0; a < taps; ++a)
        out[g * taps + a] = static_cast<float>(s * weight[g * taps + a]);
      out_bias[g] = static_cast<float>(shift[g] - s * filter.shift);
      statistics[g] = filter.shift + bias[g];
      statistics[filters + g] = filter.variance;
    }
    context->save_for_backward({weight_GP, scale_G, mean_P, covariance_PP});
    context->saved_data["epsilon"] = epsilon;
    context->mark_non_differentiable({statistics_2G});
    return {folded_GP, folded_G, statistics_2G};
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list grads) {
    refuse_second_derivatives("fold_batch_norm");
    const auto saved = context->get_saved_variables();
    const Tensor &weight_GP = saved[0], &scale_G = saved[1], &mean_P = saved[2],
                 &covariance_PP = saved[3];
    const double epsilon = context->saved_data["epsilon"].toDouble();
    const int64_t filters = weight_GP.size(0), taps = weight_GP.size(1);
    const Tensor grad_GP = grads[0].contiguous(), grad_G = grads[1].contiguous();
    Tensor d_weight = at::empty_like(weight_GP), d_scale = at::empty_like(scale_G);
    const float* weight = weight_GP.const_data_ptr<float>();
    const float *grad = grad_GP.const_data_ptr<float>(),
                *grad_bias = grad_G.const_data_ptr<float>();
    const double* mean = mean_P.const_data_ptr<double>();
    float* to = d_weight.mutable_data_ptr<float>();
    for (int64_t g = 0; g < filters; ++g, weight += taps, grad += taps, to += taps) {
      const Filter filter =
          filter_of(weight, mean, covariance_PP.const_data_ptr<double>(), taps, epsilon);
      const double scale = scale_G.const_data_ptr<float>()[g], s = scale * filter.inverse;
      double d_s = -grad_bias[g] * filter.shift;
      for (int64_t a = 0; a < taps; ++a) d_s += static_cast<double>(grad[a]) * weight[a];
      d_scale.mutable_data_ptr<float>()[g] = static_cast<float>(d_s * filter.inverse);
      const double d_variance = -.5 * d_s * scale * std::pow(filter.inverse, 3);
      for (int64_t a = 0; a < taps; ++a)
        to[a] = static_cast<float>(s * (grad[a] - grad_bias[g] * mean[a]) +
                                   2 * d_variance * filter.covariances[a]);
    }
    return {d_weight, at::zeros_like(grad_G), d_scale, grad_G, Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

FoldedBatchNorm fold_batch_norm(const Tensor& weight_GP, const Tensor& bias_G,
                                const Tensor& scale_G, const Tensor& shift_G,
                                const PatchMoments& moments, double epsilon) {
  RECORD_FUNCTION("moestro::fold_batch_norm", c10::ArrayRef<const c10::IValue>());
  const auto folded =
      FoldFunction::apply(weight_GP, bias_G, scale_G, shift_G, moments.mean_P.contiguous(),
                          moments.covariance_PP.contiguous(), epsilon);
  return {folded[0], folded[1], folded[2][0], folded[2][1]};
}

}  // namespace moestro
