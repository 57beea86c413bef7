// results.csv of a study while it runs.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "moestro/study/results.h"

namespace moestro {

class ResultsFile {
 public:
  ResultsFile(const StudyPlan& plan, std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }
  // Takes the row of a finished run, which it returns. Throws UserError for a damaged folder, and
  // where a run of the same seed was measured on other test rows.
  StudyRow add(const PlannedRun& run);
  // Compares the splits of arms that have new rows, and writes them all.
  void write();
  // In the order of the arms, then by seed.
  const std::vector<StudyRow>& rows() const { return rows_; }

 private:
  const StudyPlan& plan_;
  std::filesystem::path path_;
  std::vector<StudyRow> rows_;
  std::set<std::string> changed_;  // arms
};

}  // namespace moestro
