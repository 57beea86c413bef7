// Mutual distillation of experts whose outputs are mixed as they are.
#pragma once

#include "moestro/objective/mutual_distillation.h"

namespace moestro::testing {

inline MutualDistillation squared(const Tensor& out_KNC, const Tensor& valid_N = {}) {
  return mutual_distillation(out_KNC, OutputKind::values, valid_N);
}

inline MutualDistillation weighted(const Tensor& out_KNC, const Tensor& weights_NK,
                                   const Tensor& valid_N = {}) {
  return weighted_distillation(out_KNC, weights_NK, OutputKind::values, valid_N);
}

}  // namespace moestro::testing
