// What a study's runs measured: one row a run, kept as CSV.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "moestro/study/plan.h"

namespace moestro {

struct StudyRow {
  std::string arm;
  int64_t seed = 0;
  // Every number of summary.json by its path, as "test.error", in its order; those of a stream
  // under shorter names, as "known.average" (docs/continual.md).
  std::vector<std::pair<std::string, double>> figures;
  std::string device, date, version;
  // Not kept in the file.
  std::filesystem::path run = {};  // its folder
  std::string rows_digest = {};    // of the test rows; of a stream: of all rows that it read
  std::string data_keys = {};      // as PlannedRun has them

  double figure(const std::string& name) const;  // NaN where there is none
  void set_figure(const std::string& name, double value);
};

// Of a finished run, without what was measured on test rows where the study chooses settings.
// Throws UserError for a damaged folder.
StudyRow read_row(const PlannedRun& run, const StudyConfig& study);

// Gives every row the figure "split_agreement": its mean adjusted mutual information with the
// others, as their folders say. None for rows without a split and where no other has one of the
// same test rows.
void compare_splits(const std::vector<StudyRow*>& rows_of_one_arm);

// arm, seed, figures, device, date, version; the rows in the plan's order of arms, then by seed.
void write_rows(const std::filesystem::path& path, const std::vector<StudyRow>& rows);
// Throws UserError for a file that write_rows() did not write.
std::vector<StudyRow> read_rows(const std::filesystem::path& path);

}  // namespace moestro
