// What a forward pass needs to know besides its input.
#pragma once

#include <cstdint>

namespace moestro {

struct ForwardContext {
  bool training = false;  // batch statistics, dropout, gate noise
  uint64_t seed = 0;      // of the run; noise is keyed by (seed, Stream::noise, layer name, step)
  uint64_t step = 0;
};

}  // namespace moestro
