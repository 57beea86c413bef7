// Which rows each expert is given.
#pragma once

#include <vector>

#include "moestro/core/tensor.h"

namespace moestro {

// The choices of a batch that are not empty, M of them, sorted by expert and then by place n K + k.
struct RoutedRows {
  int64_t rows, chosen, experts;   // N, K, E
  std::vector<int64_t> first_E;    // [E + 1]: expert e has the routed rows from first[e] to
                                   // first[e + 1]
  std::vector<int64_t> place_M;    // n K + k
  std::vector<int64_t> token_M;    // n
  std::vector<int64_t> routed_NK;  // the routed row of a place; -1: empty

  int64_t count() const { return static_cast<int64_t>(place_M.size()); }
  int64_t count(int64_t expert) const { return first_E[expert + 1] - first_E[expert]; }
};

// experts_NK int64 on the CPU, in [-1, experts); throws UserError otherwise.
RoutedRows route_rows(const Tensor& experts_NK, int64_t experts);

}  // namespace moestro
