// inspection.json: what each expert learned, on a data set (docs/run-folder.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "moestro/measure/usage.h"
#include "moestro/store/safetensors.h"
#include "moestro/train/evaluation.h"

namespace moestro {

struct Inspection {
  struct Sample {
    int64_t row;
    double target, predicted;
    double probability;  // of the expert, by the gate
  };

  std::string set;  // "test"
  int64_t rows = 0, experts = 0;
  std::vector<std::string> class_names;  // empty for regression
  Tensor class_by_expert_CE;             // int64, classes only
  Usage usage;
  Tensor accuracy_E, own_accuracy_E;           // regression: root mean squared errors
  std::vector<std::vector<std::string>> owns;  // classes most of whose samples go to expert e
  std::vector<std::vector<Sample>> samples;    // of those that expert e owns

  nlohmann::ordered_json to_json() const;
};

// evaluation: made with options.experts.
Inspection inspect(const Evaluation& evaluation, const Dataset& data, const std::string& set);

// The pixels of inspection.samples: "expert_0", ... uint8; empty for what is no image.
NamedTensors sample_pixels(const Inspection& inspection, const Dataset& data);

}  // namespace moestro
