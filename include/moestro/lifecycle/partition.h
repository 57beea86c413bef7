// A split of the rows that is given from outside, so that runs are judged on the same sub-tasks.
#pragma once

#include "moestro/core/tensor.h"

namespace moestro {

// int64 [E] on the CPU: which of E parts each expert gets, one part one expert, so that the rows
// which lie both in an expert's part and among its own (most probable) ones are as many as can be
// (core/assignment.h); where that leaves a choice, as much of the gate's probability as can be,
// so that an expert without rows gets what it comes nearest to, and permuting experts or parts
// changes nothing else. Chosen. probs_NE: of the gate; part_N int64: the part of each row.
Tensor parts_of_experts(const Tensor& probs_NE, const Tensor& part_N);

// int64 [N]: the expert that each row belongs to, when expert e has part part_E[e].
Tensor owners_by_part(const Tensor& part_E, const Tensor& part_N);

}  // namespace moestro
