// metrics.jsonl as numbers. What a record does not have, or could not count, is NaN.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace moestro {

inline constexpr double kNotKnown = std::numeric_limits<double>::quiet_NaN();

struct ScoresRecord {
  double error = kNotKnown, loss = kNotKnown;
};

struct StepRecord {
  int64_t step = 0;
  double loss = kNotKnown;              // with its weighted auxiliary terms
  std::map<std::string, double> terms;  // unweighted
  double rate = kNotKnown, gate_entropy = kNotKnown, gate_logit = kNotKnown,
         gradient_norm = kNotKnown;
};

// Of one mixture layer of a Transformer.
struct LayerUsageRecord {
  std::string layer;
  std::vector<double> usage;
  double sample_entropy = kNotKnown, usage_entropy = kNotKnown;
};

struct EpochRecord {
  int64_t step = 0, epoch = 0;
  double seconds = kNotKnown;
  ScoresRecord train, valid;
  std::vector<double> usage;  // one an expert; empty for one expert, and for Transformers
  std::vector<LayerUsageRecord> layers;  // empty for mixtures of whole networks
  double sample_entropy = kNotKnown, usage_entropy = kNotKnown;
};

struct MetricsRecord {
  std::vector<StepRecord> steps;
  std::vector<EpochRecord> epochs;
};

// None where there is no file. Records of other kinds are left to later versions. Throws UserError
// for a damaged line, a value of another type, usage of another length or other layers than
// in the record before.
MetricsRecord read_metrics_record(const std::filesystem::path& path);

}  // namespace moestro
