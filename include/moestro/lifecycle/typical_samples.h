// Which samples an expert is surest to get, and which it gets by the narrowest choice.
#pragma once

#include <cstdint>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "moestro/data/dataset.h"
#include "moestro/train/evaluation.h"

namespace moestro {

struct TypicalSamples {
  struct Sample {
    int64_t row;
    double target, predicted;
    double probability;  // of the expert, by the gate
  };

  // Of those that the expert owns, at most 12 each, none of them in both: the highest probabilities
  // first, and the lowest first; of equal ones the lower row comes first.
  std::vector<Sample> most_typical, least_typical;
  // Instead of both for an expert alone, to which all are equally typical: evenly spaced rows.
  std::vector<Sample> drawn;

  std::vector<Sample> all() const;  // drawn, most_typical, least_typical
  nlohmann::ordered_json to_json(bool classes) const;
};

// owner_N int64: the expert that each row belongs to.
TypicalSamples typical_samples(const Evaluation& evaluation, const Dataset& data,
                               const Tensor& owner_N, int64_t expert);

}  // namespace moestro
