#include "routed_rows.h"

#include <ATen/ATen.h>

#include "moestro/core/error.h"

namespace moestro {

RoutedRows route_rows(const Tensor& experts_NK, int64_t experts) {
  RoutedRows routed{experts_NK.size(0), experts_NK.size(1), experts};
  const Tensor contiguous_NK = experts_NK.contiguous();
  const int64_t* expert_of = contiguous_NK.const_data_ptr<int64_t>();
  const int64_t places = routed.rows * routed.chosen;

  routed.first_E.assign(experts + 1, 0);
  for (int64_t p = 0; p < places; ++p) {
    if (expert_of[p] < -1 || expert_of[p] >= experts)
      throw UserError("row {} is sent to expert {}; expected one of {}, or -1 for none",
                      p / routed.chosen, expert_of[p], experts);
    if (expert_of[p] >= 0) ++routed.first_E[expert_of[p] + 1];
  }
  for (int64_t e = 0; e < experts; ++e) routed.first_E[e + 1] += routed.first_E[e];

  std::vector<int64_t> next_E(routed.first_E.begin(), routed.first_E.end() - 1);
  routed.place_M.resize(routed.first_E[experts]);
  routed.token_M.resize(routed.first_E[experts]);
  routed.routed_NK.assign(places, -1);
  for (int64_t n = 0, p = 0; n < routed.rows; ++n)
    for (int64_t k = 0; k < routed.chosen; ++k, ++p) {
      if (expert_of[p] < 0) continue;
      const int64_t m = next_E[expert_of[p]]++;
      routed.place_M[m] = p;
      routed.token_M[m] = n;
      routed.routed_NK[p] = m;
    }
  return routed;
}

}  // namespace moestro
