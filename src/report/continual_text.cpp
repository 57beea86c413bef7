#include "moestro/report/continual_text.h"

#include <fmt/format.h>

#include "moestro/report/format.h"

namespace moestro {
namespace {

using Align = TextTable::Align;

std::string matrix_text(const ContinualRecord& run, Rules rules) {
  TextTable table;
  table.column("accuracy on task, %, task known", Align::left);
  for (size_t j = 0; j < run.tasks.size(); ++j) table.column(std::to_string(j + 1), Align::right);
  const auto& accuracy_ST = run.ways.front().accuracy_ST;
  for (size_t i = 0; i < accuracy_ST.size(); ++i) {
    std::vector<std::string> cells = {i == 0 ? "(untouched)"
                                             : fmt::format("{} {}", i, run.tasks[i - 1])};
    for (const double value : accuracy_ST[i]) cells.push_back(percent_or_none(value));
    table.row(cells);
  }
  return table.str(rules);
}

std::string measures_text(const ContinualRecord& run, Rules rules) {
  TextTable table;
  table.column("%", Align::left);
  for (const ContinualWayRecord& way : run.ways) table.column(way.name, Align::right);
  table.column("", Align::left);
  for (size_t m = 0; m < continual_measures().size(); ++m) {
    const ContinualMeasureName& measure = continual_measures()[m];
    std::vector<std::string> cells = {measure.name};
    for (const ContinualWayRecord& way : run.ways) cells.push_back(way.measure_text(m));
    cells.emplace_back(measure.formula);
    table.row(cells);
  }
  return table.str(rules);
}

}  // namespace

std::string continual_text(const ContinualRecord& run, Rules rules) {
  if (!run.is_finished()) return {};
  return fmt::format(
      "{}\n{}{} merges in {} layers; A[i][j]: accuracy on task j after learning task i; in "
      "brackets: of balanced accuracy, every class alike\n",
      matrix_text(run, rules), measures_text(run, rules), run.merges.size(), run.experts.size());
}

}  // namespace moestro
