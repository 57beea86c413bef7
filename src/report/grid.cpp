#include "grid.h"

#include <algorithm>
#include <cmath>

#include "moestro/report/escape.h"

namespace moestro {
namespace {

constexpr int64_t kLabelCharacters = 18;
constexpr std::size_t kMostTallRows = 24;
constexpr double kRoomForNumber = 10;

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

bool Grid::is_named(std::size_t column_number) const {
  return cell_width >= kRoomForNumber ||
         column_number % static_cast<std::size_t>(std::ceil(kRoomForNumber / cell_width)) == 0;
}

double Grid::height(std::size_t rows) const {
  return kHeader + static_cast<double>(rows) * cell_height + 2;
}

}  // namespace moestro
