#include "moestro/measure/principal_components.h"

#include <ATen/ATen.h>

#include "moestro/core/error.h"

namespace moestro {
namespace {

// The eigenvectors of the largest eigenvalues [size, count], and those eigenvalues, falling.
std::pair<Tensor, Tensor> leading(const Tensor& matrix, int64_t count) {
  const auto [values, vectors] = at::linalg_eigh(matrix);  // rising
  return {vectors.narrow(1, vectors.size(1) - count, count).flip(1),
          values.narrow(0, values.size(0) - count, count).flip(0).clamp_min(0)};
}

Tensor with_fixed_signs(const Tensor& scores_NP) {
  const Tensor at_1P = scores_NP.abs().argmax(0, /*keepdim=*/true);
  const Tensor sign_1P = scores_NP.gather(0, at_1P).sign();
  return scores_NP * sign_1P.masked_fill(sign_1P == 0, 1);
}

}  // namespace

PrincipalComponents principal_components(const Tensor& rows_ND, int64_t count) {
  MOESTRO_CHECK(rows_ND.dim() >= 2 && rows_ND.size(0) > 0);
  const Tensor rows = rows_ND.detach().cpu().to(at::kDouble).flatten(1);
  MOESTRO_CHECK(count >= 1 && count <= std::min(rows.size(0), rows.size(1)));
  const Tensor centred = rows - rows.mean(0);
  Tensor scores_NP, values_P;
  if (rows.size(1) <= rows.size(0)) {
    const auto [vectors, values] = leading(centred.t().matmul(centred), count);
    scores_NP = centred.matmul(vectors);
    values_P = values;
  } else {
    const auto [vectors, values] = leading(centred.matmul(centred.t()), count);
    scores_NP = vectors * values.sqrt();
    values_P = values;
  }
  const double whole = centred.square().sum().item<double>();
  return {with_fixed_signs(scores_NP), whole > 0 ? values_P / whole : at::zeros_like(values_P)};
}

}  // namespace moestro
