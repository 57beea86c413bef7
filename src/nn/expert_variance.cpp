#include "moestro/nn/expert_variance.h"

#include <ATen/ATen.h>

#include "kernels/variance.h"
#include "moestro/core/error.h"

namespace moestro {

ExpertVariance expert_variance(const Tensor& out_KNC, OutputKind kind) {
  MOESTRO_CHECK(out_KNC.dim() == 3 && out_KNC.size(0) > 0, "{} dimensions", out_KNC.dim());
  const bool log_probabilities = kind == OutputKind::probabilities;
  if (out_KNC.is_cpu() && out_KNC.scalar_type() == at::kFloat)
    return one_pass_variance(out_KNC.transpose(0, 1), log_probabilities);
  Tensor e_KNC = out_KNC.to(at::promote_types(out_KNC.scalar_type(), at::kFloat));
  if (log_probabilities) e_KNC = e_KNC.log_softmax(2);
  // The deviations of a row sum to 0, so that nothing of the gradient goes through the mean.
  const Tensor mean_NC = e_KNC.detach().mean(0), value = (e_KNC - mean_NC).square().mean();
  return {value, value.detach() + mean_NC.square().mean()};
}

}  // namespace moestro
