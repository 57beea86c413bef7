#include "moestro/study/results.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "moestro/core/error.h"
#include "moestro/core/suggest.h"
#include "moestro/data/cell.h"
#include "moestro/data/csv.h"
#include "moestro/lifecycle/owners.h"
#include "moestro/store/atomic_file.h"
#include "moestro/store/csv_cell.h"
#include "moestro/store/json_file.h"
#include "moestro/store/run_folder.h"
#include "moestro/study/statistics.h"
#include "stream_figures.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

const std::vector<std::string> kBefore = {"arm", "seed"};
const std::vector<std::string> kAfter = {"device", "date", "version"};

void gather(const nlohmann::ordered_json& json, const std::string& path, StudyRow& row) {
  if (json.is_number()) row.figures.emplace_back(path, json.get<double>());
  if (!json.is_object()) return;
  for (const auto& [key, value] : json.items())
    gather(value, path.empty() ? key : path + "." + key, row);
}

// The figures of any row, each where the row that has it has it.
std::vector<std::string> all_figures(const std::vector<StudyRow>& rows) {
  std::vector<std::string> names;
  for (const StudyRow& row : rows) {
    auto place = names.begin();
    for (const auto& [name, value] : row.figures) {
      const auto found = std::ranges::find(names, name);
      place = found == names.end() ? names.insert(place, name) + 1 : found + 1;
    }
  }
  return names;
}

std::optional<Owners> owners_of(const fs::path& run) {
  const fs::path path = run / "owners.safetensors";
  std::error_code none;
  if (!fs::exists(path, none)) return {};
  return read_owners(path);
}

double number(const CsvTable& table, int64_t row, int64_t column) {
  const std::string_view text = table.cell(row, column);
  if (const std::optional<double> value = parse_number(text)) return *value;
  throw UserError("{}: \"{}\"; expected a number", table.where(row, column), text);
}

}  // namespace

double StudyRow::figure(const std::string& name) const {
  const auto found =
      std::ranges::find(figures, name, [](const auto& entry) { return entry.first; });
  return found == figures.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
}

void StudyRow::set_figure(const std::string& name, double value) {
  const auto found =
      std::ranges::find(figures, name, [](const auto& entry) { return entry.first; });
  if (found == figures.end())
    figures.emplace_back(name, value);
  else
    found->second = value;
}

StudyRow read_row(const PlannedRun& run, const StudyConfig& study) {
  const RunFolder folder = RunFolder::open(run.folder);
  const Manifest manifest = folder.manifest();
  const std::optional<Owners> owners = owners_of(run.folder);
  StudyRow row{.arm = run.arm,
               .seed = run.seed,
               .device = manifest.device,
               .date = manifest.finished.substr(0, 10),
               .version = manifest.version,
               .run = run.folder,
               .rows_digest = owners ? owners->rows_digest : "",
               .data_keys = run.data_keys};
  if (!run.data_keys.empty()) row.rows_digest = manifest.data_digest;
  const nlohmann::ordered_json summary = read_ordered_json_file(folder.summary_path());
  gather(summary, "", row);
  if (summary.contains("continual")) shorten_stream_figures(summary, row.figures);
  std::erase_if(row.figures, [&](const auto& entry) {
    return entry.first == "schema" || entry.first == "seed" ||
           (on_validation(study) && of_test_rows(entry.first));
  });
  return row;
}

void compare_splits(const std::vector<StudyRow*>& rows_of_one_arm) {
  std::vector<StudyRow*> rows;
  std::vector<Owners> owners;
  for (StudyRow* row : rows_of_one_arm)
    if (const auto split = owners_of(row->run); split && split->experts > 1) {
      rows.push_back(row);
      owners.push_back(*split);
    }
  std::vector<const Owners*> splits;
  for (const Owners& split : owners) splits.push_back(&split);
  const std::vector<std::vector<double>> agreement = split_agreement(splits);
  for (size_t i = 0; i < rows.size(); ++i) {
    std::vector<double> with_others;
    for (size_t j = 0; j < rows.size(); ++j)
      if (j != i && !std::isnan(agreement[i][j])) with_others.push_back(agreement[i][j]);
    if (!with_others.empty()) rows[i]->set_figure(kSplitAgreement, mean_of(with_others).mean);
  }
}

void write_rows(const fs::path& path, const std::vector<StudyRow>& rows) {
  const std::vector<std::string> names = all_figures(rows);
  std::vector<std::string> header = kBefore;
  header.insert(header.end(), names.begin(), names.end());
  header.insert(header.end(), kAfter.begin(), kAfter.end());
  std::string text = joined(header, ",") + "\n";
  for (const StudyRow& row : rows) {
    text += fmt::format("{},{}", csv_cell(row.arm), row.seed);
    for (const std::string& name : names) {
      const double value = row.figure(name);
      text += std::isnan(value) ? std::string(",") : fmt::format(",{}", value);
    }
    text += fmt::format(",{},{},{}\n", csv_cell(row.device), row.date, row.version);
  }
  write_atomically(path, text);
}

std::vector<StudyRow> read_rows(const fs::path& path) {
  const CsvTable table = CsvTable::read(path, {.separator = ",", .header = "yes"});
  const std::vector<std::string>& names = table.names();
  const int64_t end = table.columns() - std::ssize(kAfter);
  if (end < std::ssize(kBefore) || !std::equal(kBefore.begin(), kBefore.end(), names.begin()) ||
      !std::equal(kAfter.begin(), kAfter.end(), names.begin() + end))
    throw UserError("{}:1: not the results of a study; expected the columns {}, ..., {}",
                    path.string(), joined(kBefore), joined(kAfter));
  std::vector<StudyRow> rows;
  for (int64_t r = 0; r < table.rows(); ++r) {
    const auto text = [&](int64_t column) { return std::string(table.cell(r, column)); };
    const double seed = number(table, r, 1);
    if (seed != std::floor(seed))
      throw UserError("{}: \"{}\"; expected a whole number", table.where(r, 1), text(1));
    StudyRow row{.arm = text(0),
                 .seed = static_cast<int64_t>(seed),
                 .device = text(end),
                 .date = text(end + 1),
                 .version = text(end + 2)};
    for (int64_t c = std::ssize(kBefore); c < end; ++c)
      if (!table.cell(r, c).empty()) row.figures.emplace_back(names[c], number(table, r, c));
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace moestro
