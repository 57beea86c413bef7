// Pairing two sides one to one.
#pragma once

#include <cstdint>
#include <vector>

#include "moestro/core/tensor.h"

namespace moestro {

// weights_NN: finite numbers. Returns the column of each row, each column once, so that the sum of
// the chosen weights is the largest there is; of several such choices the same one each time. The
// Hungarian method by shortest augmenting paths (Kuhn 1955, Munkres 1957; as in Jonker and
// Volgenant 1987), O(n^3).
std::vector<int64_t> best_assignment(const Tensor& weights_NN);

}  // namespace moestro
