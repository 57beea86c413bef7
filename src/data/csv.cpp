#include "moestro/data/csv.h"

#include <algorithm>
#include <charconv>

#include "moestro/core/error.h"
#include "moestro/core/suggest.h"
#include "moestro/data/cell.h"
#include "moestro/data/csv_header.h"
#include "moestro/data/csv_parser.h"
#include "moestro/data/input_file.h"

namespace moestro {

CsvTable CsvTable::read(const std::filesystem::path& path, const CsvOptions& options) {
  return parse(InputFile(path).read_rest(), path.string(), options);
}

CsvTable CsvTable::parse(std::string text, const std::string& name, const CsvOptions& options) {
  CsvTable table = CsvParser(std::move(text), name, options).parse();
  if (table.rows() == 0) throw UserError("{}: no rows; expected a table", name);
  table.has_header_ = options.header == "yes" ||
                      (options.header == "auto" && first_row_is_header(table, options.known_names));
  if (table.has_header_) {
    table.take_header();
    if (table.rows() == 0) throw UserError("{}: a header, and no rows below it", name);
  } else {
    for (int64_t c = 1; c <= table.columns_; ++c) table.names_.push_back(fmt::format("{}", c));
  }
  return table;
}

void CsvTable::take_header() {
  for (int64_t c = 0; c < columns_; ++c) {
    const std::string_view name = cell(0, c);
    if (std::find(names_.begin(), names_.end(), name) != names_.end())
      throw UserError("{}: two columns are named \"{}\"", where(0), name);
    names_.emplace_back(name);
  }
  // The header's text stays in text_ as a cell of no row: it is where row 0's first cell begins.
  ends_.erase(ends_.begin(), ends_.begin() + columns_);
  lines_.erase(lines_.begin());
}

std::string_view CsvTable::cell(int64_t row, int64_t column) const {
  const auto index = static_cast<size_t>(row * columns_ + column);
  return std::string_view(text_).substr(ends_[index], ends_[index + 1] - ends_[index]);
}

std::string CsvTable::where(int64_t row) const {
  return fmt::format("{}:{}", file_, lines_[static_cast<size_t>(row)]);
}

std::string CsvTable::where(int64_t row, int64_t column) const {
  return fmt::format("{}: column \"{}\"", where(row), names_[static_cast<size_t>(column)]);
}

int64_t CsvTable::find_column(const std::string& name_or_number, const std::string& key) const {
  for (size_t c = 0; c < names_.size(); ++c)
    if (names_[c] == name_or_number) return static_cast<int64_t>(c);
  int64_t number = 0;
  const char* end = name_or_number.data() + name_or_number.size();
  const auto [parsed, code] = std::from_chars(name_or_number.data(), end, number);
  if (parsed == end && code == std::errc()) {
    if (number > 0 && number <= columns_) return number - 1;
    if (number < 0 && -number <= columns_) return columns_ + number;
  }
  throw UserError("{}: no column \"{}\" ({}); expected {}{}", file_, name_or_number, key,
                  has_header_ ? "a name of the header or a number"
                              : fmt::format("a number from 1 to {}", columns_),
                  suggestion(name_or_number, names_));
}

}  // namespace moestro
