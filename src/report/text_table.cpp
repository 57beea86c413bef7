#include "moestro/report/text_table.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <unistd.h>

#include "moestro/core/error.h"
#include "moestro/report/escape.h"

namespace moestro {
namespace {

constexpr std::string_view kGap = "  ";

}  // namespace

Rules stdout_rules() {
  return isatty(STDOUT_FILENO) == 1 ? Rules::lines : Rules::none;
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

std::string TextTable::line(const std::vector<std::string>& cells) const {
  std::string out;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto gap = static_cast<std::size_t>(columns_[i].width - display_width(cells[i]));
    const bool right = columns_[i].align == Align::right;
    if (i > 0) out += kGap;
    out += std::string(right ? gap : 0, ' ') + cells[i] + std::string(right ? 0 : gap, ' ');
  }
  return out.substr(0, out.find_last_not_of(' ') + 1) + "\n";
}

std::string TextTable::rule() const {
  int64_t width = static_cast<int64_t>(kGap.size() * (columns_.size() - 1));
  for (const Column& column : columns_) width += column.width;
  std::string out;
  for (int64_t i = 0; i < width; ++i) out += "─";
  return out + "\n";
}

std::string TextTable::str(Rules rules) const {
  const std::string between = rules == Rules::lines ? rule() : "";
  std::string out = between + line(headings_) + between;
  for (const auto& row : rows_) out += line(row);
  return out + between;
}

}  // namespace moestro
