#include "moestro/data/cell.h"

#include <array>
#include <charconv>
#include <limits>

namespace moestro {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equals(std::string_view cell, std::string_view word) {
  if (cell.size() != word.size()) return false;
  for (size_t i = 0; i < cell.size(); ++i)
    if (lower(cell[i]) != word[i]) return false;
  return true;
}

}  // namespace

bool is_missing(std::string_view cell) {
  static constexpr std::array<std::string_view, 4> kWords = {"", "?", "na", "nan"};
  for (const std::string_view word : kWords)
    if (equals(cell, word)) return true;
  return false;
}

std::optional<double> parse_number(std::string_view cell) {
  const bool plus = cell.starts_with('+');
  if (plus) cell.remove_prefix(1);
  if (plus && cell.starts_with('-')) return {};
  double value = 0;
  const auto [end, code] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (end != cell.data() + cell.size() || cell.empty()) return {};
  if (code == std::errc::result_out_of_range) {
    // Too large or too small; the exponent's sign tells which.
    const bool tiny = cell.find("e-") != cell.npos || cell.find("E-") != cell.npos;
    return tiny ? 0 : std::numeric_limits<double>::infinity();
  }
  if (code != std::errc()) return {};
  return value;
}

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace moestro
