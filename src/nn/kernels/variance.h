// How far experts' outputs lie apart and its gradient, in one pass over them.
#pragma once

#include "moestro/nn/expert_variance.h"
#include "vector_path.h"

namespace moestro {

// As expert_variance(), of out_NKC in float32 on the CPU, whatever its layout in memory.
ExpertVariance one_pass_variance(const Tensor& out_NKC, bool log_probabilities,
                                 VectorPath path = best_vector_path());

}  // namespace moestro
