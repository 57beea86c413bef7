// How the outputs of experts lie in memory.
#pragma once

#include <cstdint>

namespace moestro {

struct MixShape {
  int64_t samples, experts, classes;
  int64_t blocks(int64_t lanes) const { return (samples + lanes - 1) / lanes; }
};

// Strides of what is indexed by (sample, expert, class).
struct MixPlaces {
  int64_t sample, expert, category;
};

}  // namespace moestro
