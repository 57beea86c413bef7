// The folder of a run through a stream of tasks: summary.json's "continual" and merges.json.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "moestro/report/metrics_record.h"
#include "moestro/store/manifest.h"
#include "moestro/train/merge_journal.h"

namespace moestro {

// A measure of measure/continual.h, by its name in summary.json.
struct ContinualMeasureName {
  const char *key, *name, *formula;
};
const std::array<ContinualMeasureName, 7>& continual_measures();

// How it is known which task a row belongs to.
struct ContinualWayRecord {
  std::string name;                              // "task known"
  std::vector<std::vector<double>> accuracy_ST;  // NaN: not measured
  // Of continual_measures(), in their order; NaN: there is none. Balanced: every class counts
  // alike.
  std::vector<double> means, balanced_means;

  std::string measure_text(size_t measure) const;  // per cent: "74.5 (75.1)", the latter balanced
};

// "74.5" for .745, "–" where there is none.
std::string percent_or_none(double share);

struct ContinualRecord {
  std::string name, recipe;
  Manifest manifest;
  std::string rows, device;  // rows: "test" or "valid"
  int64_t parameters = 0;
  double seconds = kNotKnown;
  std::vector<std::string> tasks;
  std::vector<ContinualWayRecord> ways;
  std::vector<int64_t> experts, frozen;  // a layer each
  std::vector<MergeEntry> merges;

  bool is_finished() const { return !tasks.empty(); }
};

// Whether the folder is of such a run: its recipe has [stream]. Throws UserError for a recipe that
// is no TOML.
bool is_continual(const std::filesystem::path& folder);

// What is there so far. Throws UserError that names the damaged file.
ContinualRecord read_continual(const std::filesystem::path& folder);

}  // namespace moestro
