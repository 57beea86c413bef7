// inspection.json: what each expert learned. Lists over experts are as long as there are experts,
// or empty where the file has none; what could not be counted is NaN.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "moestro/report/metrics_record.h"

namespace moestro {

struct SampleRecord {
  int64_t row = 0;
  double label = kNotKnown, predicted = kNotKnown;  // classes by number, or values
  double probability = kNotKnown;                   // of the expert, by the gate
};

struct InspectionRecord {
  std::string set;
  int64_t rows = 0, experts = 0;
  std::vector<std::string> classes;                   // empty for regression
  std::vector<std::vector<int64_t>> class_by_expert;  // [class][expert] samples
  std::vector<double> usage, importance, load, accuracy, own_accuracy;
  std::vector<std::vector<std::string>> owns;
  std::vector<std::vector<SampleRecord>> samples;
};

// Throws UserError that names the file and the key, also where lengths disagree with the number of
// experts and classes.
InspectionRecord read_inspection(const std::filesystem::path& path);
InspectionRecord inspection_record(const nlohmann::json& value, const std::string& where);

}  // namespace moestro
