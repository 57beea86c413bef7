// A picture of the inputs on a plane, to be coloured by the experts that they belong to.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "moestro/data/dataset.h"
#include "moestro/data/normaliser.h"

namespace moestro {

struct InputMap {
  std::vector<double> x, y;         // places on the first two principal components
  std::vector<int64_t> expert;      // owner of each point
  double share_x = 0, share_y = 0;  // of the points' variance

  nlohmann::ordered_json to_json() const;
};

// The normalised inputs of at most 2,000 rows: point i is row i * rows / points, rounded down.
// Places are rounded to a thousandth of the largest. owner_N int64. None where there is no plane:
// less than three rows, less than two numbers a row, or rows all alike.
std::optional<InputMap> input_map(const Dataset& data, const Normaliser& normaliser,
                                  const Tensor& owner_N);

}  // namespace moestro
