// How far experts lie apart in what the gate mixes.
//
//   V = 1/K sum_i ||e_i - ebar||^2,   ebar = 1/K sum_i e_i,   mean over rows and features
//
// In float32 on the CPU V and its gradient are one pass over the outputs.
#pragma once

#include "moestro/nn/mixing.h"

namespace moestro {

struct ExpertVariance {
  Tensor variance;  // scalar, V
  Tensor square;    // scalar without gradient, 1/K sum_i ||e_i||^2, mean over rows and features
};

// out_KNC as experts give it; of mixtures of probabilities e_i is its log softmax. In float32 at
// least.
ExpertVariance expert_variance(const Tensor& out_KNC, OutputKind kind);

}  // namespace moestro
