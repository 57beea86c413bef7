// What `moestro eval --speed` does: a run, alone or in turns with another one.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "moestro/lifecycle/speed.h"
#include "moestro/train/recipe.h"

namespace moestro {

struct SpeedRequest {
  std::string run, beside;  // run folders; beside: empty for none
  std::string data;         // a set's name or a path; empty: the run's own test rows
  std::filesystem::path data_root;
  std::string device;    // empty: that of run's recipe, for both
  int64_t threads = -1;  // -1: likewise
  bool hard = false;     // of run, not of beside: one expert a row (TrainedRun::choose_one())
  SpeedOptions options = {};
};

struct RunSpeed {
  std::string run, precision;
  Speed speed;
};

struct SpeedsOfRuns {
  std::string data;  // where the samples are from
  int64_t rows = 0;
  std::string device;
  std::vector<RunSpeed> runs;  // one or two

  nlohmann::ordered_json to_json() const;  // docs/guide.md
};

// Of runs that cannot be timed, why; else "".
std::string why_no_speed(const Recipe& recipe);

// Throws UserError for runs that cannot be timed, do not read the same inputs or answer with other
// classes, and for sentences without their translations where a translator is timed.
SpeedsOfRuns speeds_of_runs(const SpeedRequest& request);

}  // namespace moestro
