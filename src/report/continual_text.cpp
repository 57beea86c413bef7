#include "moestro/report/continual_text.h"

#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "moestro/core/error.h"
#include "moestro/report/format.h"
#include "moestro/store/json_file.h"

namespace moestro {
namespace {

using Json = nlohmann::ordered_json;
using Align = TextTable::Align;

struct Measure {
  const char *key, *name, *formula;
};

// A[i][j]: the score on task j after learning task i, A[0][j]: before any training.
constexpr std::array<Measure, 7> kMeasures = {{
    {"transfer", "Transfer", "mean over j >= 2 of the mean over 1 <= i < j of A[i][j]"},
    {"average", "Average", "mean over j of the mean over i >= 1 of A[i][j]"},
    {"last", "Last", "mean over j of A[T][j]"},
    {"backward_transfer", "backward transfer", "mean over j < T of A[T][j] - A[j][j]"},
    {"forward_transfer", "forward transfer", "mean over j >= 2 of A[j-1][j] - A[0][j]"},
    {"forgetting_from_first", "forgetting, from the first", "mean over j < T of A[j][j] - A[T][j]"},
    {"forgetting_from_best", "forgetting, from the best",
     "mean over j < T of max over 1 <= i < T of A[i][j], - A[T][j]"},
}};

struct Way {
  const char *key, *name;
};
constexpr std::array<Way, 3> kWays = {
    {{"known", "task known"}, {"chosen", "chosen a row"}, {"chosen_by_batch", "chosen a batch"}}};

std::string percent(const Json& value) {
  return value.is_null() ? "–" : fixed_text(100 * value.get<double>(), 1);
}

std::string matrix_text(const Json& tasks, const Json& matrix, Rules rules) {
  TextTable table;
  table.column("accuracy, %, after", Align::left);
  for (size_t j = 0; j < tasks.size(); ++j) table.column(std::to_string(j + 1), Align::right);
  for (size_t i = 0; i < matrix.size(); ++i) {
    std::vector<std::string> cells = {
        i == 0 ? "(untouched)" : fmt::format("{} {}", i, tasks.at(i - 1).get<std::string>())};
    for (const Json& value : matrix[i]) cells.push_back(percent(value));
    table.row(cells);
  }
  return table.str(rules);
}

std::string measures_text(const Json& continual, Rules rules) {
  TextTable table;
  table.column("%", Align::left);
  for (const Way& way : kWays) table.column(way.name, Align::right);
  table.column("", Align::left);
  for (const Measure& measure : kMeasures) {
    std::vector<std::string> cells = {measure.name};
    for (const Way& way : kWays)
      cells.push_back(percent(continual.at(way.key).at("accuracy").at(measure.key).at("mean")));
    cells.emplace_back(measure.formula);
    table.row(cells);
  }
  return table.str(rules);
}

}  // namespace

std::string continual_text(const std::filesystem::path& run, Rules rules) {
  const std::filesystem::path path = run / "summary.json";
  const Json summary = read_ordered_json_file(path);
  if (!summary.contains("continual"))
    throw UserError("{}: no \"continual\"; expected a run of `moestro continual`", path.string());
  const Json& continual = summary.at("continual");
  return fmt::format(
      "{}\n{}{} experts merged in {} layers; A[i][j]: accuracy on task j after learning task i\n",
      matrix_text(continual.at("tasks"), continual.at("known").at("accuracy").at("matrix"), rules),
      measures_text(continual, rules), continual.at("merges").get<int64_t>(),
      continual.at("experts").size());
}

}  // namespace moestro
