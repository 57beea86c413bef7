// What a dense gate with random scores leaves behind.
#pragma once

#include "gradient_check.h"
#include "moestro/nn/trace.h"

namespace moestro::testing {

inline MixtureTrace dense_trace(int64_t rows, int64_t experts, uint64_t seed) {
  MixtureTrace trace;
  const Tensor scores = normal({rows, experts}, seed, true);
  trace.routing = dense_routing(scores, scores.softmax(1));
  return trace;
}

}  // namespace moestro::testing
