#include "grid.h"

#include <algorithm>

#include "moestro/report/escape.h"

namespace moestro {
namespace {

constexpr int64_t kLabelCharacters = 18;
constexpr std::size_t kMostTallRows = 24;

}  // namespace

std::string row_label(const std::string& name) {
  const std::string clean = printable(name);
  if (display_width(clean) <= kLabelCharacters) return clean;
  std::string out;
  int64_t characters = 0;
  for (char c : clean) {
    const bool starts = (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    if (starts && ++characters == kLabelCharacters) break;
    out += c;
  }
  return out + "…";
}

Grid::Grid(const std::vector<std::string>& row_labels, std::size_t columns) {
  int64_t longest = 1;
  for (const std::string& label : row_labels)
    longest = std::max(longest, display_width(row_label(label)));
  left = std::min(6. + 5.8 * static_cast<double>(longest), 112.);
  cell_width = std::min(60., (kWidth - left) / static_cast<double>(columns));
  const bool tall = row_labels.size() <= kMostTallRows;
  cell_height = tall ? 22 : 13;
  text = tall ? "" : " small";
}

double Grid::height(std::size_t rows) const {
  return kHeader + static_cast<double>(rows) * cell_height + 2;
}

}  // namespace moestro
