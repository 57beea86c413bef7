// summary.json: the figures of a finished run (docs/run-folder.md).
#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "moestro/lifecycle/expert_probing.h"
#include "moestro/lifecycle/responder.h"
#include "moestro/measure/specialisation.h"

namespace moestro {

// How well a model does on rows with targets.
struct Figures {
  Scores test;                                   // translations: error is 1 - BLEU / 100
  std::optional<double> calibration_error;       // classes only
  std::optional<double> hard_top1_error;         // and of a mixture of whole networks
  std::optional<Specialisation> specialisation;  // of one with more than one expert
  std::optional<ExpertProbing> probing;          // likewise, by the gate's own choices
  std::optional<double> bleu, bleu_lowercase;    // translations, 0 to 100: measure/bleu.h

  nlohmann::ordered_json to_json() const;
};

// evaluation: made with experts; data: the rows it was made on, with targets.
Figures figures(const Evaluation& evaluation, const Dataset& data);
// Of any model; the rows have targets.
Figures figures(const Responder& responder, const Dataset& rows);
// Of translations of these rows, and the loss of the true ones.
Figures figures_of_translations(const std::vector<std::string>& translations, const Dataset& rows,
                                double loss);

struct Summary {
  std::string name, data, device;
  int64_t seed = 0, parameters = 0, epochs = 0, steps = 0;
  double seconds = 0;
  std::optional<Scores> valid;
  bool told_class = false;         // the gate read the labels of the test rows too
  nlohmann::ordered_json student;  // of a run with a teacher: lifecycle/student.h
  Figures figures;

  nlohmann::ordered_json to_json() const;
};

}  // namespace moestro
