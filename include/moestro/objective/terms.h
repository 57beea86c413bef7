// A loss as named terms: what is minimised, and what a user reads.
#pragma once

#include <string>
#include <vector>

#include "moestro/core/tensor.h"

namespace moestro {

struct LossTerm {
  std::string name;
  Tensor value;  // scalar, unweighted
  double weight = 1;
};

struct LossTerms {
  Tensor total;                 // sum of weight * value
  std::vector<LossTerm> terms;  // the task's loss first
};

}  // namespace moestro
