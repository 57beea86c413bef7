#include "results_file.h"

#include <algorithm>
#include <utility>

#include "moestro/core/error.h"

namespace moestro {
namespace {

void check_same_rows(const StudyRow& row, const std::vector<StudyRow>& others) {
  for (const StudyRow& other : others)
    if (other.seed == row.seed && other.data_keys == row.data_keys &&
        other.rows_digest != row.rows_digest)
      throw UserError(
          "{} and {} were measured on other rows: the data changed in between; "
          "expected the same for all arms",
          row.run.string(), other.run.string());
}

}  // namespace

ResultsFile::ResultsFile(const StudyPlan& plan, std::filesystem::path path)
    : plan_(plan), path_(std::move(path)) {}

StudyRow ResultsFile::add(const PlannedRun& run) {
  StudyRow row = read_row(run, plan_.study);
  check_same_rows(row, rows_);
  const auto place = [&](const StudyRow& of) {
    const auto arm =
        std::ranges::find(plan_.study.arms, of.arm, [](const auto& entry) { return entry.first; });
    return std::pair(arm - plan_.study.arms.begin(), of.seed);
  };
  rows_.insert(std::ranges::upper_bound(rows_, place(row), {}, place), row);
  changed_.insert(row.arm);
  return row;
}

void ResultsFile::write() {
  // Who chooses settings keeps nothing of the test rows.
  if (!on_validation(plan_.study))
    for (const std::string& arm : changed_) {
      std::vector<StudyRow*> rows;
      for (StudyRow& row : rows_)
        if (row.arm == arm) rows.push_back(&row);
      compare_splits(rows);
    }
  changed_.clear();
  write_rows(path_, rows_);
}

}  // namespace moestro
