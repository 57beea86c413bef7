// Terms that keep experts in use. valid_B: bool, decisions that count; undefined: all do.
#pragma once

#include "moestro/core/tensor.h"

namespace moestro {

// (std_i(I) / mean_i(I))^2 with I_i = sum_x p_i(x) and the unbiased std (Shazeer et al. 2017, eq.
// 7). 0 for one expert.
Tensor importance_loss(const Tensor& probs_BE, const Tensor& valid_B = {});

// E sum_i f_i P_i: f_i the share of choices that went to i, P_i the mean probability (Fedus et al.
// 2021, eq. 4; with k choices f sums to 1). 1 when both are even.
Tensor switch_balance_loss(const Tensor& probs_BE, const Tensor& experts_BK,
                           const Tensor& valid_B = {});

// Mean of logsumexp(scores)^2 (Zoph et al. 2022, eq. 5).
Tensor z_loss(const Tensor& scores_BE, const Tensor& valid_B = {});

}  // namespace moestro
