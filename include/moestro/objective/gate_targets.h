// A gate that learns from given distributions over the experts, one a decision.
#pragma once

#include "moestro/core/tensor.h"

namespace moestro {

// Mean over decisions of KL(t || p) = sum_i t_i (log t_i - log p_i), in nats. valid_B: bool,
// decisions that count; undefined: all do. No gradient into the targets; below the smallest normal
// float32 none into p either.
Tensor gate_divergence(const Tensor& probs_BE, const Tensor& target_BE, const Tensor& valid_B = {});

// [B, E]: t_i = o_i[y] / sum_j o_j[y], the experts' likelihoods of the label, scaled to sum 1.
// out_BEC: before any softmax. No gradient.
Tensor correctness_targets(const Tensor& out_BEC, const Tensor& targets_B);

}  // namespace moestro
