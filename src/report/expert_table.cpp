#include "moestro/report/expert_table.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "moestro/report/escape.h"
#include "moestro/report/format.h"
#include "moestro/report/heat_map.h"

namespace moestro {
namespace {

using Align = TextTable::Align;

constexpr int64_t kColumns = 80;

double entry(const std::vector<double>& numbers, std::size_t at) {
  return at < numbers.size() ? numbers[at] : kNotKnown;
}

using Cell = std::function<std::string(std::size_t expert)>;

struct Column {
  std::string heading;
  Cell cell;
};

std::vector<Column> columns_of(const InspectionRecord& inspection) {
  const bool classes = !inspection.classes.empty();
  const auto percent = [](const std::vector<double>& shares) {
    return [&shares](std::size_t e) { return percent_text(entry(shares, e), 1); };
  };
  const auto score = [&](const std::vector<double>& scores) -> Cell {
    if (classes) return percent(scores);
    return [&scores](std::size_t e) { return value_text(entry(scores, e)); };
  };
  std::vector<Column> columns = {{"expert", [](std::size_t e) { return std::to_string(e); }},
                                 {"samples", percent(inspection.usage)}};
  if (inspection.experts > 1 && !inspection.importance.empty())
    columns.push_back({"mass", percent(inspection.importance)});
  if (inspection.experts > 1 && !inspection.specialisation.empty())
    columns.push_back(
        {"index", [&](std::size_t e) { return fixed_text(entry(inspection.specialisation, e)); }});
  columns.push_back({classes ? "right on own" : "error on own", score(inspection.own_accuracy)});
  columns.push_back({"on all", score(inspection.accuracy)});
  return columns;
}

// What the right-aligned columns and the gaps behind them take.
int64_t width_of(const std::vector<Column>& columns, std::size_t experts) {
  int64_t width = 0;
  for (const Column& column : columns) {
    int64_t widest = display_width(column.heading);
    for (std::size_t e = 0; e < experts; ++e)
      widest = std::max(widest, display_width(column.cell(e)));
    width += widest + 2;
  }
  return width;
}

// As many names as fit, or at least how many there are.
std::string fitting_names(const std::vector<std::string>& names, int64_t width) {
  for (std::size_t most = names.size(); most > 0; --most) {
    const std::string text = names_text(names, most);
    if (display_width(printable(text)) <= width) return text;
  }
  return names.size() < 2 ? names_text(names, 1) : fmt::format("{} classes", names.size());
}

std::string count_cell(int64_t count) {
  return count == 0 ? "·" : count_text(count);
}

// The experts from first on that stand beside the names of the classes; one at least.
std::size_t end_of_table(const InspectionRecord& inspection, std::size_t first) {
  int64_t width = display_width("class");
  for (const std::string& name : inspection.classes)
    width = std::max(width, display_width(printable(name)));
  std::size_t end = first;
  for (; end < static_cast<std::size_t>(inspection.experts); ++end) {
    int64_t widest = display_width(std::to_string(end));
    for (const auto& row : inspection.class_by_expert)
      widest = std::max(widest, display_width(count_cell(row[end])));
    width += widest + 2;
    if (width > kColumns && end > first) break;
  }
  return end;
}

std::string classes_of_experts(const InspectionRecord& inspection, std::size_t first,
                               std::size_t end, Rules rules) {
  TextTable table;
  table.column("class", Align::left);
  for (std::size_t e = first; e < end; ++e) table.column(std::to_string(e), Align::right);
  for (std::size_t row : block_order(inspection.class_by_expert)) {
    std::vector<std::string> cells = {inspection.classes[row]};
    for (std::size_t e = first; e < end; ++e)
      cells.push_back(count_cell(inspection.class_by_expert[row][e]));
    table.row(cells);
  }
  return table.str(rules);
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
  const auto experts = static_cast<std::size_t>(inspection.experts);
  const std::vector<Column> columns = columns_of(inspection);
  const int64_t rest = kColumns - width_of(columns, experts);
  TextTable table;
  for (const Column& column : columns) table.column(column.heading, Align::right);
  if (classes) table.column("owns", Align::left);
  for (std::size_t e = 0; e < experts; ++e) {
    std::vector<std::string> cells;
    for (const Column& column : columns) cells.push_back(column.cell(e));
    if (classes)
      cells.push_back(e < inspection.owns.size() ? fitting_names(inspection.owns[e], rest) : "");
    table.row(cells);
  }
  return table.str(rules);
}

std::string class_table(const InspectionRecord& inspection, Rules rules) {
  const auto& counts = inspection.class_by_expert;
  if (counts.empty() || inspection.experts < 2) return {};
  const auto experts = static_cast<std::size_t>(inspection.experts);
  std::string text;
  for (std::size_t first = 0, end = 0; first < experts; first = end) {
    end = end_of_table(inspection, first);
    if (first > 0) text += '\n';
    text += classes_of_experts(inspection, first, end, rules);
  }
  return text;
}

}  // namespace moestro
