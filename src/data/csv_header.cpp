#include "moestro/data/csv_header.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_set>

#include "moestro/data/cell.h"
#include "moestro/data/csv.h"

namespace moestro {
namespace {

enum class Vote { names, values, none };

Vote column_vote(const CsvTable& table, int64_t column) {
  const std::string_view first = table.cell(0, column);
  if (is_missing(first)) return Vote::none;
  bool numbers = true, repeated = false;
  std::unordered_set<std::string_view> different;
  for (int64_t row = 1; row < table.rows(); ++row) {
    const std::string_view cell = table.cell(row, column);
    if (is_missing(cell)) continue;
    numbers = numbers && parse_number(cell);
    repeated = repeated || cell == first;
    different.insert(cell);
  }
  if (different.empty()) return Vote::none;
  if (numbers) return parse_number(first) ? Vote::none : Vote::names;
  if (repeated) return Vote::values;
  const bool categories = static_cast<int64_t>(2 * different.size()) <= table.rows() - 1;
  return categories ? Vote::names : Vote::none;
}

bool holds_names(const CsvTable& table, const std::vector<std::string>& names) {
  const std::set<std::string_view> known(names.begin(), names.end());
  std::set<std::string_view> cells;
  size_t in_place = 0;
  for (int64_t column = 0; column < table.columns(); ++column) {
    cells.insert(table.cell(0, column));
    const auto place = static_cast<size_t>(column);
    in_place += place < names.size() && names[place] == table.cell(0, column);
  }
  const auto within = [](const auto& some, const auto& all) {
    return std::includes(all.begin(), all.end(), some.begin(), some.end());
  };
  return within(cells, known) || within(known, cells) || 2 * in_place >= names.size();
}

}  // namespace

bool first_row_is_header(const CsvTable& table, const std::vector<std::string>& known_names) {
  if (!known_names.empty()) return holds_names(table, known_names);
  bool named = false;
  for (int64_t column = 0; column < table.columns(); ++column) {
    const Vote vote = column_vote(table, column);
    if (vote == Vote::values) return false;
    named = named || vote == Vote::names;
  }
  return named;
}

}  // namespace moestro
