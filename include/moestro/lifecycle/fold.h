// A trained mixture folded into a dense network: what is not an expert's is copied, each bank of
// experts is gathered into one layer or network, gates are dropped (arXiv 2201.10890).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "moestro/lifecycle/teacher.h"
#include "moestro/surgery/gathering.h"
#include "moestro/train/student_config.h"

namespace moestro {

// What became of one bank of experts.
struct FoldedLayer {
  std::string layer;             // "experts", or a Transformer's block: "encoder.1"
  Gathering kept;                // without its tensors; empty where nothing was gathered
  std::vector<int64_t> experts;  // concat, best, random_expert: which
  std::optional<double> scale;   // student.fit = "scale"
  // Of the layer's output (of whole networks the log probabilities, each row less its mean): what
  // the fitted student leaves of the mixture's on calibration rows, as a share of its square.
  std::optional<double> residual;

  nlohmann::ordered_json to_json() const;
};

// Training rows, without augmentation, as a teacher reads them.
struct Calibration {
  const Dataset& rows;
  const Normaliser& normaliser;
  c10::Device device;
};

// Throws UserError "where: ..." for the recipe of a run that is no mixture, or has experts that are
// not folded.
void check_can_fold(const Recipe& mixture, const std::string& where);

// Writes into the student's tensors, by name. seed: of the control that takes any expert. Throws
// UserError that says what of the student does not fit the teacher.
std::vector<FoldedLayer> fold(const Teacher& teacher, Model& student, const StudentConfig& config,
                              const Calibration& calibration, uint64_t seed);

}  // namespace moestro
