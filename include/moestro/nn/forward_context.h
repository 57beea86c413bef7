// What a forward pass needs to know besides its input.
#pragma once

#include <cstdint>

#include "moestro/core/tensor.h"

namespace moestro {

struct ForwardContext {
  bool training = false;  // batch statistics, dropout, gate noise
  uint64_t seed = 0;      // of the run; noise is keyed by (seed, Stream::noise, layer name, step)
  uint64_t step = 0;
  Tensor targets_N = {};  // where known: for the gate that is told the class
};

}  // namespace moestro
