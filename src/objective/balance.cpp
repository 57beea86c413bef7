#include "moestro/objective/balance.h"

#include "moestro/core/column_sums.h"
#include "valid_rows.h"

namespace moestro {

Tensor importance_loss(const Tensor& probs_BE, const Tensor& valid_B) {
  if (probs_BE.size(1) == 1) return at::zeros({}, probs_BE.options().requires_grad(false));
  const Tensor importance_E = column_sums(valid_rows(probs_BE, valid_B));
  const Tensor mean = importance_E.mean().clamp_min(1e-12);  // 0 where no decision is valid
  return importance_E.var(/*unbiased=*/true) / mean.square();
}

Tensor switch_balance_loss(const Tensor& probs_BE, const Tensor& experts_BK,
                           const Tensor& valid_B) {
  const int64_t experts = probs_BE.size(1), chosen = experts_BK.size(1);
  const Tensor count = decisions(probs_BE, valid_B);
  const Tensor sent_BE = at::zeros(probs_BE.sizes(), probs_BE.options().requires_grad(false))
                             .scatter(1, experts_BK, 1);
  const Tensor share_E = column_sums(valid_rows(sent_BE, valid_B)) / (count * chosen);
  const Tensor mean_E = column_sums(valid_rows(probs_BE, valid_B)) / count;
  return experts * (share_E * mean_E).sum();
}

Tensor z_loss(const Tensor& scores_BE, const Tensor& valid_B) {
  const at::ScalarType type = at::promote_types(scores_BE.scalar_type(), at::kFloat);
  const Tensor scores = valid_rows(scores_BE.to(type), valid_B);
  const Tensor squares_B1 = at::logsumexp(scores, 1, /*keepdim=*/true).square();
  return valid_rows(squares_B1, valid_B).sum() / decisions(scores, valid_B);
}

}  // namespace moestro
