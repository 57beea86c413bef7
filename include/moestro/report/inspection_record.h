// inspection.json, schema 1 to 3: what each expert learned, of a mixture of whole networks (1, 2)
// or of the mixture layers of a Transformer (3). Lists over experts are as long as there are
// experts, or empty where the file has none; what could not be counted is NaN.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "moestro/report/layer_record.h"
#include "moestro/report/metrics_record.h"
#include "moestro/report/probing_record.h"

namespace moestro {

struct SampleRecord {
  int64_t row = 0;
  double label = kNotKnown, predicted = kNotKnown;  // classes by number, or values
  double probability = kNotKnown;                   // of the expert, by the gate
};

// The samples shown of one expert, in the order of their pictures.
struct SamplesRecord {
  std::vector<SampleRecord> drawn;                        // of one expert alone, and of schema 1
  std::vector<SampleRecord> most_typical, least_typical;  // by the gate's probability

  std::size_t size() const { return drawn.size() + most_typical.size() + least_typical.size(); }
};

// Rows on their first two principal components.
struct MapRecord {
  std::vector<double> x, y;
  std::vector<int64_t> expert;
  double share_x = kNotKnown, share_y = kNotKnown;  // of the variance
};

struct InspectionRecord {
  std::string set;
  int64_t rows = 0, experts = 0;  // whole networks; 0: none, but layers, and nothing but these
  std::vector<LayerRecord> layers;
  double model_loss = kNotKnown, model_error = kNotKnown;  // where there are no layers either
  std::vector<std::string> classes;                        // empty for regression
  std::vector<std::vector<int64_t>> class_by_expert;       // [class][expert] samples
  std::vector<double> usage, importance, load, accuracy, own_accuracy;
  std::vector<double> specialisation;
  std::vector<std::vector<double>> right;            // [owner][expert] share of the owner's samples
  std::vector<std::vector<int64_t>> mistaken_owner;  // [owner][expert] samples
  double mixture_accuracy = kNotKnown, owner_accuracy = kNotKnown, oracle_accuracy = kNotKnown,
         rescuable_errors = kNotKnown;
  std::vector<std::vector<std::string>> owns;
  std::vector<SamplesRecord> samples;
  std::optional<ProbingRecord> probing, partition;  // partition: of `moestro inspect` only
  std::optional<MapRecord> map;
};

// Throws UserError that names the file and the key, also where lengths disagree with the number of
// experts and classes.
InspectionRecord read_inspection(const std::filesystem::path& path);
InspectionRecord inspection_record(const nlohmann::json& value, const std::string& where);

}  // namespace moestro
