#include "moestro/objective/balance.h"

#include <ATen/ATen.h>

#include "moestro/core/error.h"

namespace moestro {
namespace {

// What padding holds may be anything, NaN too: it is overwritten, not multiplied with 0.
Tensor valid_rows(const Tensor& x_BE, const Tensor& valid_B) {
  MOESTRO_CHECK(x_BE.dim() == 2, "{} dimensions", x_BE.dim());
  if (!valid_B.defined()) return x_BE;
  return x_BE.masked_fill(valid_B.logical_not().unsqueeze(1), 0);
}

Tensor decisions(const Tensor& x_BE, const Tensor& valid_B) {
  if (!valid_B.defined())
    return at::full({}, std::max<int64_t>(x_BE.size(0), 1), x_BE.options().requires_grad(false));
  return valid_B.sum().to(x_BE.scalar_type()).clamp_min(1);
}

}  // namespace

Tensor importance_loss(const Tensor& probs_BE, const Tensor& valid_B) {
  if (probs_BE.size(1) == 1) return at::zeros({}, probs_BE.options().requires_grad(false));
  const Tensor importance_E = valid_rows(probs_BE, valid_B).sum(0);
  const Tensor mean = importance_E.mean().clamp_min(1e-12);  // 0 where no decision is valid
  return importance_E.var(/*unbiased=*/true) / mean.square();
}

Tensor switch_balance_loss(const Tensor& probs_BE, const Tensor& experts_BK,
                           const Tensor& valid_B) {
  const int64_t experts = probs_BE.size(1), chosen = experts_BK.size(1);
  const Tensor count = decisions(probs_BE, valid_B);
  const Tensor sent_BE = at::zeros(probs_BE.sizes(), probs_BE.options().requires_grad(false))
                             .scatter(1, experts_BK, 1);
  const Tensor share_E = valid_rows(sent_BE, valid_B).sum(0) / (count * chosen);
  const Tensor mean_E = valid_rows(probs_BE, valid_B).sum(0) / count;
  return experts * (share_E * mean_E).sum();
}

Tensor z_loss(const Tensor& scores_BE, const Tensor& valid_B) {
  const at::ScalarType type = at::promote_types(scores_BE.scalar_type(), at::kFloat);
  const Tensor scores = valid_rows(scores_BE.to(type), valid_B);
  const Tensor squares_B1 = at::logsumexp(scores, 1, /*keepdim=*/true).square();
  return valid_rows(squares_B1, valid_B).sum() / decisions(scores, valid_B);
}

}  // namespace moestro
