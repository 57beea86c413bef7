#include "moestro/objective/gate_targets.h"

#include <limits>

#include "moestro/objective/task_loss.h"
#include "valid_rows.h"

namespace moestro {

Tensor gate_divergence(const Tensor& probs_BE, const Tensor& target_BE, const Tensor& valid_B) {
  MOESTRO_CHECK(probs_BE.sizes() == target_BE.sizes());
  const at::ScalarType type = at::promote_types(probs_BE.scalar_type(), at::kFloat);
  const Tensor p_BE = valid_rows(probs_BE.to(type), valid_B, 1);
  const Tensor t_BE = valid_rows(target_BE.detach().to(type), valid_B);
  const Tensor log_p_BE = p_BE.clamp_min(std::numeric_limits<float>::min()).log();
  return (at::xlogy(t_BE, t_BE) - t_BE * log_p_BE).sum() / decisions(p_BE, valid_B);
}

Tensor correctness_targets(const Tensor& out_BEC, const Tensor& targets_B) {
  return (-losses_of_experts(out_BEC.detach(), targets_B)).softmax(1);
}

}  // namespace moestro
