// summary.json's "student": a dense network that was folded from a mixture, or taught by one. What
// is absent is NaN, or empty.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "moestro/report/metrics_record.h"

namespace moestro {

// Of one hidden layer: how alike the experts' units are, place by place.
struct AlignmentRecord {
  double before = kNotKnown, after = kNotKnown, bound = kNotKnown;
};

// Of one hidden layer, one an expert.
struct KeptUnitsRecord {
  std::vector<int64_t> units;
  std::vector<double> strength;  // share of the squared strength of the expert's units
};

// Of one matrix, one an expert.
struct KeptSingularRecord {
  std::string tensor;
  std::vector<int64_t> rank;
  std::vector<double> energy;  // share of the squared singular values
};

struct FoldedLayerRecord {
  std::string layer;
  std::vector<int64_t> experts;  // those that were taken, where not all were
  std::vector<AlignmentRecord> alignment;
  std::vector<KeptUnitsRecord> hidden;
  std::vector<KeptSingularRecord> matrices;
  double scale = kNotKnown, residual = kNotKnown;
};

struct StudentRecord {
  std::string teacher;  // its folder
  int64_t teacher_parameters = 0;
  std::string gather, fit;
  bool aligned = false;
  double fold_seconds = kNotKnown;
  std::string rows;              // "validation", or "calibration": what the two scores are of
  ScoresRecord mixture, folded;  // before the student learned
  std::vector<FoldedLayerRecord> layers;

  bool is_held_out() const { return rows == "validation"; }
  int64_t experts() const;  // of the mixture, or of each of its layers; 0: not known
};

// where: the file. Throws UserError that names the file and the key, also where lengths disagree.
StudentRecord student_record(const nlohmann::json& value, const std::string& where);

}  // namespace moestro
