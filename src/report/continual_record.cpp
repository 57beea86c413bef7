#include "moestro/report/continual_record.h"

#include <cmath>
#include <stdexcept>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "moestro/core/error.h"
#include "moestro/core/schema_peek.h"
#include "moestro/report/format.h"
#include "moestro/store/file.h"
#include "moestro/store/json_file.h"
#include "moestro/store/run_folder.h"

namespace moestro {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::array<std::array<const char*, 2>, 3> kWays = {
    {{"known", "task known"},
     {"chosen", "chosen row by row"},
     {"chosen_by_batch", "chosen batch by batch"}}};

double number(const Json& json) {
  return json.is_null() ? kNotKnown : json.get<double>();
}

std::vector<double> means_from(const Json& json) {
  std::vector<double> means;
  for (const ContinualMeasureName& measure : continual_measures())
    means.push_back(json.contains(measure.key) ? number(json.at(measure.key).at("mean"))
                                               : kNotKnown);
  return means;
}

ContinualWayRecord way_from(const std::string& name, const Json& json) {
  const Json& accuracy = json.at("accuracy");
  ContinualWayRecord way{.name = name,
                         .means = means_from(accuracy),
                         .balanced_means = means_from(json.at("balanced_accuracy"))};
  for (const Json& row : accuracy.at("matrix")) {
    way.accuracy_ST.emplace_back();
    for (const Json& value : row) way.accuracy_ST.back().push_back(number(value));
  }
  return way;
}

// Runs `read` on the file where it is there; what is missing in it is the file's fault.
template <class Read>
void read_if_there(const fs::path& path, Read read) {
  std::error_code none;
  if (!fs::exists(path, none)) return;
  const Json json = read_json_file(path);
  try {
    read(json);
  } catch (const std::exception& error) {
    throw UserError("{}: {}; expected what `moestro continual` writes", path.string(),
                    error.what());
  }
}

void check(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}

void check_sizes(const ContinualRecord& record) {
  const size_t tasks = record.tasks.size();
  check(tasks > 0, "no tasks");
  check(record.experts.size() == record.frozen.size(), "experts and frozen of other layers");
  for (const ContinualWayRecord& way : record.ways) {
    check(way.accuracy_ST.size() == tasks + 1, "a matrix of other tasks");
    for (const std::vector<double>& row : way.accuracy_ST)
      check(row.size() == tasks, "a matrix of other tasks");
  }
}

void read_summary(const Json& json, ContinualRecord& record) {
  record.device = json.at("device");
  record.parameters = json.at("parameters");
  record.seconds = json.at("seconds");
  const Json& continual = json.at("continual");
  continual.at("tasks").get_to(record.tasks);
  continual.at("rows").get_to(record.rows);
  continual.at("experts").get_to(record.experts);
  continual.at("frozen").get_to(record.frozen);
  for (const auto& [key, name] : kWays) record.ways.push_back(way_from(name, continual.at(key)));
  check_sizes(record);
}

}  // namespace

const std::array<ContinualMeasureName, 7>& continual_measures() {
  static constexpr std::array<ContinualMeasureName, 7> kMeasures = {{
      {"transfer", "Transfer", "mean over j >= 2 of the mean over 1 <= i < j of A[i][j]"},
      {"average", "Average", "mean over j of the mean over i >= 1 of A[i][j]"},
      {"last", "Last", "mean over j of A[T][j]"},
      {"backward_transfer", "backward transfer", "mean over j < T of A[T][j] - A[j][j]"},
      {"forward_transfer", "forward transfer", "mean over j >= 2 of A[j-1][j] - A[0][j]"},
      {"forgetting_from_first", "forgetting, from the first",
       "mean over j < T of A[j][j] - A[T][j]"},
      {"forgetting_from_best", "forgetting, from the best",
       "mean over j < T of max over 1 <= i < T of A[i][j], less A[T][j]"},
  }};
  return kMeasures;
}

std::string percent_or_none(double share) {
  return std::isfinite(share) ? fixed_text(100 * share, 1) : "–";
}

std::string ContinualWayRecord::measure_text(size_t measure) const {
  return fmt::format("{} ({})", percent_or_none(means[measure]),
                     percent_or_none(balanced_means[measure]));
}

bool is_continual(const fs::path& folder) {
  const fs::path recipe = folder / "recipe.toml";
  std::error_code none;
  return fs::exists(recipe, none) && has_section(recipe, "stream");
}

ContinualRecord read_continual(const fs::path& folder) {
  const RunFolder run = RunFolder::open(folder);
  ContinualRecord record;
  record.name = run.name();
  record.recipe = read_file(run.recipe_path());
  record.manifest = run.manifest();
  read_if_there(run.summary_path(), [&](const Json& json) { read_summary(json, record); });
  read_if_there(folder / "merges.json",
                [&](const Json& json) { record.merges = merge_journal_from_json(json); });
  return record;
}

}  // namespace moestro
