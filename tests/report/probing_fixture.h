// Made-up probings of two experts, as inspection.json has them.
#pragma once

#include <nlohmann/json.hpp>

#include "moestro/report/probing_record.h"

namespace moestro::testing {

inline nlohmann::json two_experts() {
  return {{"share", {.75, .25}},    {"own", {.05, .2}},        {"others", {.5, .375}},
          {"all", {.1625, .33125}}, {"own_error", .0875},      {"others_error", .40625},
          {"all_error", .246875},   {"routing_accuracy", .95}, {"oracle_error", .04},
          {"agreement", .7},        {"disagreement", 1.25},    {"output_square", 7.5}};
}

// On a partition.
inline nlohmann::json on_parts() {
  nlohmann::json json = two_experts();
  json.update({{"run", "runs/other"}, {"part_of_expert", {1, 0}}});
  return json;
}

inline ProbingRecord probing_of(const nlohmann::json& probing) {
  return probing_record({{"probing", probing}}, "probing", 2, "x").value();
}

}  // namespace moestro::testing
