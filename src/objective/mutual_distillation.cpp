#include "moestro/objective/mutual_distillation.h"

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "moestro/nn/expert_variance.h"
#include "moestro/objective/loss_config.h"
#include "valid_rows.h"

namespace moestro {
namespace {

Tensor at_least_float(const Tensor& x) {
  return x.to(at::promote_types(x.scalar_type(), at::kFloat));
}

// What the gate mixes.
Tensor mixed_terms(const Tensor& out_KNC, OutputKind kind) {
  MOESTRO_CHECK(out_KNC.dim() == 3 && out_KNC.size(0) > 0, "{} dimensions", out_KNC.dim());
  const Tensor e_KNC = at_least_float(out_KNC);
  return kind == OutputKind::probabilities ? e_KNC.log_softmax(2) : e_KNC;
}

// Of what is measured for each row and feature, [N, C].
Tensor mean_of_rows(const Tensor& x_NC, const Tensor& valid_N) {
  if (!valid_N.defined()) return x_NC.mean();
  return valid_rows(x_NC, valid_N).sum() / (decisions(x_NC, valid_N) * x_NC.size(1));
}

}  // namespace

MutualDistillation mutual_distillation(const Tensor& out_KNC, OutputKind kind,
                                       const Tensor& valid_N) {
  if (valid_N.defined()) {
    // Under even weights it is the weighted form.
    const Tensor even_NK =
        at::full({out_KNC.size(1), out_KNC.size(0)}, 1. / static_cast<double>(out_KNC.size(0)),
                 at_least_float(out_KNC).options().requires_grad(false));
    return weighted_distillation(out_KNC, even_NK, kind, valid_N);
  }
  const auto [variance, square] = expert_variance(out_KNC, kind);
  return {variance, square};
}

MutualDistillation weighted_distillation(const Tensor& out_KNC, const Tensor& weights_NK,
                                         OutputKind kind, const Tensor& valid_N) {
  const Tensor e_KNC = mixed_terms(out_KNC, kind);
  MOESTRO_CHECK(weights_NK.size(0) == e_KNC.size(1) && weights_NK.size(1) == e_KNC.size(0));
  const Tensor w_KN1 = weights_NK.to(e_KNC.scalar_type()).t().unsqueeze(2);
  const Tensor mean_NC = (w_KN1 * e_KNC).sum(0);
  const Tensor value_NC = (w_KN1 * (e_KNC - mean_NC).square()).sum(0);
  const Tensor square_NC = e_KNC.detach().square().mean(0);
  return {mean_of_rows(value_NC, valid_N), mean_of_rows(square_NC, valid_N)};
}

MutualDistillation divergence_distillation(const Tensor& out_KNC, double temperature,
                                           const Tensor& valid_N) {
  const Tensor log_p_KNC =
      mixed_terms(at_least_float(out_KNC) / temperature, OutputKind::probabilities);
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
