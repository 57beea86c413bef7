// Experts alone, as inspection.json has them under "probing" (`moestro inspect --probe` prints it
// of mixture layers, too), and `moestro inspect --partition` under "partition". What could not be
// measured is NaN, lists are as long as there are experts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "moestro/report/metrics_record.h"

namespace moestro {

// Errors: shares of wrong answers, or root mean squared errors of values.
struct ProbingRecord {
  std::vector<double> share, own, others, all;
  double own_error = kNotKnown, others_error = kNotKnown, all_error = kNotKnown,
         oracle_error = kNotKnown;
  double routing_accuracy = kNotKnown, agreement = kNotKnown;  // classes only
  double disagreement = kNotKnown, output_square = kNotKnown;
  std::string partition;                // the run whose split it is; empty: the experts' own
  std::vector<int64_t> part_of_expert;  // of a partition
};

// Of one mixture layer: what the model answers when all rows of the layer go to one expert.
struct LayerProbingRecord {
  double model_loss = kNotKnown, model_error = kNotKnown;  // left to itself
  std::vector<double> all_loss, all_error;
  // Empty where the layer does not decide once an answer.
  std::vector<double> share, own_loss, own_error, others_loss, others_error;
};

// What stands under `key` of an inspection; none where it does not. Throws UserError that names
// the file and the key, also where lengths disagree with the number of experts.
std::optional<ProbingRecord> probing_record(const nlohmann::json& inspection,
                                            const std::string& key, int64_t experts,
                                            const std::string& where);
std::optional<LayerProbingRecord> layer_probing_record(const nlohmann::json& layer, int64_t experts,
                                                       const std::string& where);

}  // namespace moestro
