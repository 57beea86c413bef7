// How often experts are used.
#pragma once

#include "moestro/core/tensor.h"
#include "moestro/nn/routing.h"

namespace moestro {

// Double [E] on the CPU, each summing to 1.
struct Usage {
  Tensor usage_E;       // share of decisions whose most probable expert is i
  Tensor importance_E;  // mean probability
  Tensor load_E;        // share of rows sent: choices with a weight above 0
};

// Throws UserError where there is no (valid) decision.
Usage usage(const Routing& routing, const Tensor& valid_B = {});

}  // namespace moestro
