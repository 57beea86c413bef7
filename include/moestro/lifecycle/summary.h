// summary.json: the figures of a finished run (docs/run-folder.md).
#pragma once

#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "moestro/measure/specialisation.h"
#include "moestro/train/evaluation.h"

namespace moestro {

// What an evaluation says of a mixture.
struct Figures {
  Scores test;
  std::optional<double> hard_top1_error, calibration_error;  // classes only
  std::optional<Specialisation> specialisation;              // more than one expert

  nlohmann::ordered_json to_json() const;
};

// evaluation: made with options.experts; data: the rows it was made on, with targets.
Figures figures(const Evaluation& evaluation, const Dataset& data);

struct Summary {
  std::string name, data, device;
  int64_t seed = 0, parameters = 0, epochs = 0, steps = 0;
  double seconds = 0;
  std::optional<Scores> valid;
  bool told_class = false;  // the gate read the labels of the test rows too
  Figures figures;

  nlohmann::ordered_json to_json() const;
};

}  // namespace moestro
