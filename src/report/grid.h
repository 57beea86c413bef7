// Where the cells of a heat map lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace moestro {

struct Grid {
  static constexpr double kWidth = 360, kHeader = 20;

  double left, cell_width, cell_height;
  std::string text;  // class of its small text

  Grid(const std::vector<std::string>& row_labels, std::size_t columns);

  double height(std::size_t rows) const;
  double column(std::size_t i) const { return left + static_cast<double>(i) * cell_width; }
  double middle(std::size_t column_number) const { return column(column_number) + cell_width / 2; }
  bool is_named(std::size_t column_number) const;  // as often as there is room for a number
  double baseline(double y) const { return y + cell_height / 2 + 3.5; }
};

// What fits beside a row: printable, at most 18 characters.
std::string row_label(const std::string& name);

}  // namespace moestro
