#include "moestro/report/text_table.h"

#include <algorithm>
#include <utility>

#include <unistd.h>

#include "moestro/core/error.h"
#include "moestro/report/escape.h"

namespace moestro {

Rules stdout_rules() {
  return isatty(STDOUT_FILENO) == 1 ? Rules::box : Rules::none;
}

void TextTable::column(std::string heading, Align align) {
  MOESTRO_CHECK(rows_.empty(), "column \"{}\" after the first row", heading);
  columns_.push_back({align, display_width(heading)});
  headings_.push_back(std::move(heading));
}

void TextTable::row(const std::vector<std::string>& cells) {
  MOESTRO_CHECK(cells.size() == columns_.size(), "{} cells in {} columns", cells.size(),
                columns_.size());
  std::vector<std::string>& row = rows_.emplace_back();
  for (std::size_t i = 0; i < cells.size(); ++i) {
    row.push_back(printable(cells[i]));
    columns_[i].width = std::max(columns_[i].width, display_width(row.back()));
  }
}

std::string TextTable::line(const std::vector<std::string>& cells, Rules rules) const {
  std::string out;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto gap = static_cast<std::size_t>(columns_[i].width - display_width(cells[i]));
    const bool right = columns_[i].align == Align::right;
    out += rules == Rules::box ? "│ " : i > 0 ? "  " : "";
    out += std::string(right ? gap : 0, ' ') + cells[i] + std::string(right ? 0 : gap, ' ');
    if (rules == Rules::box) out += ' ';
  }
  if (rules == Rules::box) return out + "│\n";
  return out.substr(0, out.find_last_not_of(' ') + 1) + "\n";
}

std::string TextTable::rule(const char* left, const char* between, const char* right) const {
  std::string out = left;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (i > 0) out += between;
    for (int64_t j = 0; j < columns_[i].width + 2; ++j) out += "─";
  }
  return out + right + "\n";
}

std::string TextTable::str(Rules rules) const {
  const bool box = rules == Rules::box;
  std::string out = box ? rule("┌", "┬", "┐") : "";
  out += line(headings_, rules);
  if (box) out += rule("├", "┼", "┤");
  for (const auto& row : rows_) out += line(row, rules);
  if (box) out += rule("└", "┴", "┘");
  return out;
}

}  // namespace moestro
