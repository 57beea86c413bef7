// The mixture layers of a Transformer, as inspection.json has them under "layers".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "moestro/report/metrics_record.h"
#include "moestro/report/probing_record.h"

namespace moestro {

struct TokenRecord {
  std::string token;
  int64_t count = 0;         // its choices that went to the expert
  double share = kNotKnown;  // of all its choices
};

struct LayerRecord {
  std::string layer;
  int64_t experts = 0, decisions = 0;
  std::vector<double> usage, importance;  // one an expert
  double sample_entropy = kNotKnown, usage_entropy = kNotKnown;
  std::vector<int64_t> position_from;            // first places of the ranges below
  std::vector<std::vector<double>> positions;    // [range][expert]; may be empty
  std::vector<std::vector<TokenRecord>> tokens;  // one list an expert; empty for images
  std::optional<LayerProbingRecord> probing;

  // Experts with at least 1 % of the choices, or a tenth of an even share where that is less.
  int64_t experts_used() const;
};

// list: what stands under "layers"; where: the file. Throws UserError that names the file and the
// key, also where lengths disagree.
std::vector<LayerRecord> layer_records(const nlohmann::json& list, const std::string& where);

}  // namespace moestro
