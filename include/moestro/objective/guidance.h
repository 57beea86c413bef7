// What frozen networks say of a batch, for the terms that learn from them; undefined where no term
// asks. No gradient flows into any.
#pragma once

#include "moestro/core/tensor.h"

namespace moestro {

struct Guidance {
  Tensor teacher_probs_BE;  // a trained gate's probabilities: loss.gate_distillation
  Tensor features_BF;       // a frozen feature map: loss.similarity_distance = "features"
  Tensor teacher_NC;        // what a student's teacher answers, as its model gives it:
                            // loss.distillation
};

}  // namespace moestro
