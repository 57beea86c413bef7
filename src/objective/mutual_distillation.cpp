#include "moestro/objective/mutual_distillation.h"

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "moestro/objective/loss_config.h"
#include "valid_rows.h"

namespace moestro {
namespace {

Tensor at_least_float(const Tensor& x) {
  return x.to(at::promote_types(x.scalar_type(), at::kFloat));
}

// Of what is measured for each row and feature, [N, C].
Tensor mean_of_rows(const Tensor& x_NC, const Tensor& valid_N) {
  if (!valid_N.defined()) return x_NC.mean();
  return valid_rows(x_NC, valid_N).sum() / (decisions(x_NC, valid_N) * x_NC.size(1));
}

void check_shape(const Tensor& out_KNC) {
  MOESTRO_CHECK(out_KNC.dim() == 3 && out_KNC.size(0) > 0, "{} dimensions", out_KNC.dim());
}

}  // namespace

MutualDistillation mutual_distillation(const Tensor& out_KNC, const Tensor& valid_N) {
  check_shape(out_KNC);
  const Tensor e_KNC = at_least_float(out_KNC);
  // The deviations of a row sum to 0, so that nothing of the gradient goes through the mean.
  const Tensor mean_NC = e_KNC.detach().mean(0);
  const Tensor squares_KNC = (e_KNC - mean_NC).square();
  const Tensor value =
      valid_N.defined() ? mean_of_rows(squares_KNC.mean(0), valid_N) : squares_KNC.mean();
  return {value, value.detach() + mean_of_rows(mean_NC.square(), valid_N)};
}

MutualDistillation weighted_distillation(const Tensor& out_KNC, const Tensor& weights_NK,
                                         const Tensor& valid_N) {
  check_shape(out_KNC);
  MOESTRO_CHECK(weights_NK.size(0) == out_KNC.size(1) && weights_NK.size(1) == out_KNC.size(0));
  const Tensor e_KNC = at_least_float(out_KNC);
  const Tensor w_KN1 = weights_NK.to(e_KNC.scalar_type()).t().unsqueeze(2);
  const Tensor mean_NC = (w_KN1 * e_KNC).sum(0);
  const Tensor value_NC = (w_KN1 * (e_KNC - mean_NC).square()).sum(0);
  const Tensor square_NC = e_KNC.detach().square().mean(0);
  return {mean_of_rows(value_NC, valid_N), mean_of_rows(square_NC, valid_N)};
}

MutualDistillation divergence_distillation(const Tensor& out_KNC, double temperature,
                                           const Tensor& valid_N) {
  check_shape(out_KNC);
  const Tensor log_p_KNC = at::log_softmax(at_least_float(out_KNC) / temperature, 2);
  const Tensor p_NC = log_p_KNC.detach().exp().mean(0);
  const Tensor value_N1 =
      (at::xlogy(p_NC, p_NC) - p_NC * log_p_KNC.mean(0)).sum(1, /*keepdim=*/true);
  return {temperature * temperature * mean_of_rows(value_N1, valid_N), {}};
}

double mutual_weight(const LossConfig& config, double progress) {
  const double alpha = config.mutual_distillation;
  if (config.mutual_schedule == "rise") return alpha * progress;
  if (config.mutual_schedule == "fall") return alpha * (1 - progress);
  MOESTRO_CHECK(config.mutual_schedule == "constant", "{}", config.mutual_schedule);
  return alpha;
}

}  // namespace moestro
