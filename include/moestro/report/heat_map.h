// Which expert takes which class: a row a class, a column an expert.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace moestro {

struct HeatMap {
  std::string title;
  std::string note;
  std::vector<std::string> rows;
  std::vector<std::vector<int64_t>> counts;  // [row][column], not negative
};

// A <figure>: cells in the column's colour, the deeper the larger the cell's share of its row.
// Shares are printed where there is room. Empty without cells.
std::string heat_map(const HeatMap& map);

// Rows in the order of the column that holds most of them, so that blocks show.
std::vector<std::size_t> block_order(const std::vector<std::vector<int64_t>>& counts);

}  // namespace moestro
