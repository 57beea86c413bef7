#include "moestro/report/expert_table.h"

#include <fmt/format.h>

#include "moestro/report/format.h"
#include "moestro/report/heat_map.h"

namespace moestro {
namespace {

using Align = TextTable::Align;

constexpr std::size_t kMostNames = 4;

double entry(const std::vector<double>& numbers, std::size_t at) {
  return at < numbers.size() ? numbers[at] : kNotKnown;
}

}  // namespace

std::string names_text(const std::vector<std::string>& names, std::size_t most) {
  const std::size_t shown = names.size() <= most + 1 ? names.size() : most;
  std::string out;
  for (std::size_t i = 0; i < shown; ++i) out += (i > 0 ? ", " : "") + names[i];
  if (shown < names.size()) out += fmt::format(" and {} more", names.size() - shown);
  return out;
}

std::string expert_table(const InspectionRecord& inspection, Rules rules) {
  const bool classes = !inspection.classes.empty();
  const auto score = [&](double value) {
    return classes ? percent_text(value, 1) : value_text(value);
  };
  TextTable table;
  table.column("expert", Align::right);
  table.column("samples", Align::right);
  table.column(classes ? "own accuracy" : "own error", Align::right);
  table.column(classes ? "accuracy on all" : "error on all", Align::right);
  if (classes) table.column("owns", Align::left);
  for (std::size_t e = 0; e < static_cast<std::size_t>(inspection.experts); ++e) {
    std::vector<std::string> cells = {
        std::to_string(e), percent_text(entry(inspection.usage, e), 1),
        score(entry(inspection.own_accuracy, e)), score(entry(inspection.accuracy, e))};
    if (classes)
      cells.push_back(e < inspection.owns.size() ? names_text(inspection.owns[e], kMostNames) : "");
    table.row(cells);
  }
  return table.str(rules);
}

std::string class_table(const InspectionRecord& inspection, Rules rules) {
  const auto& counts = inspection.class_by_expert;
  if (counts.empty() || inspection.experts < 2) return {};
  TextTable table;
  table.column("class", Align::left);
  for (int64_t e = 0; e < inspection.experts; ++e) table.column(std::to_string(e), Align::right);
  for (std::size_t row : block_order(counts)) {
    std::vector<std::string> cells = {inspection.classes[row]};
    for (int64_t count : counts[row]) cells.push_back(count == 0 ? "·" : count_text(count));
    table.row(cells);
  }
  return table.str(rules);
}

}  // namespace moestro
