#include "moestro/lifecycle/partition.h"

#include <ATen/ATen.h>

#include "moestro/core/assignment.h"
#include "moestro/core/error.h"

namespace moestro {

Tensor parts_of_experts(const Tensor& probs_NE, const Tensor& part_N) {
  MOESTRO_CHECK(probs_NE.dim() == 2 && probs_NE.size(0) == part_N.size(0));
  const int64_t experts = probs_NE.size(1);
  const auto rows = static_cast<double>(part_N.size(0));
  const auto indicators = [&](const Tensor& of_N) {
    return at::one_hot(of_N, experts).to(at::kDouble);
  };
  const Tensor in_part_PN = indicators(part_N.cpu()).t();
  const Tensor probs = probs_NE.cpu().to(at::kDouble);
  const Tensor shared_PE = in_part_PN.matmul(indicators(probs_NE.cpu().argmax(1))),
               mass_PE = in_part_PN.matmul(probs);
  // All mass together is one a row, hence never worth a row.
  const std::vector<int64_t> part_of_expert =
      best_assignment((shared_PE * (rows + 1) + mass_PE).t());
  return at::tensor(part_of_expert, at::kLong);
}

Tensor owners_by_part(const Tensor& part_E, const Tensor& part_N) {
  return part_E.argsort().index_select(0, part_N.cpu());
}

}  // namespace moestro
