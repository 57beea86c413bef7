#include "moestro/objective/similarity.h"

#include "valid_rows.h"

namespace moestro {

Similarity similarity(const Tensor& probs_BE, const Tensor& distance_BB, SimilarityForm form,
                      const Tensor& valid_B) {
  const int64_t rows = probs_BE.size(0), experts = probs_BE.size(1);
  MOESTRO_CHECK(distance_BB.sizes() == at::IntArrayRef({rows, rows}));
  const at::ScalarType type = at::promote_types(probs_BE.scalar_type(), distance_BB.scalar_type());
  const Tensor p_BE = valid_rows(probs_BE.to(type), valid_B);
  // Few rows times a matrix and its gradient are several times faster than a matrix times columns.
  const Tensor p_EB = p_BE.t().contiguous(), sums_EB = at::mm(p_EB, distance_BB.to(type));
  const Tensor trace = (p_EB * sums_EB).sum();
  const Tensor others = (p_EB.sum(0) * sums_EB.sum(0)).sum() - trace;
  const auto count = static_cast<double>(experts), pairs = std::max(count * count - count, 1.);
  if (form == SimilarityForm::published)
    return {trace / count, -others / (pairs * decisions(p_BE, valid_B).square())};
  // E^2/B^2 over the mean distance: B^2 falls out.
  const Tensor scale = count * count / distance_BB.sum().to(type).clamp_min(1e-30);
  return {trace / count * scale, -others / pairs * scale};
}

}  // namespace moestro
