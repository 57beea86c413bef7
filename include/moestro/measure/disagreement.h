// How far the experts' outputs lie apart.
#pragma once

#include "moestro/core/tensor.h"

namespace moestro {

// Of each row the mean over its C features; double [N] on the device of the outputs.
struct Disagreement {
  Tensor variance_N;  // V = 1/E sum_i (e_i - ebar)^2, ebar the mean over experts; the loss of
                      // mutual distillation (arXiv 2402.00893; this normalisation is chosen)
  Tensor square_N;    // 1/E sum_i e_i^2: V may fall only because outputs shrink
};

Disagreement disagreement(const Tensor& out_ENC);

}  // namespace moestro
