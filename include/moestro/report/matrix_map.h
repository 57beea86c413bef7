// A table of shares as coloured cells: who would have been right, how far splits agree.
#pragma once

#include <string>
#include <vector>

#include "moestro/report/axis.h"

namespace moestro {

struct MatrixMap {
  struct Head {
    std::string name;  // beside a row, above a column; may be empty
    std::string css;   // colour_class(i)
  };

  std::string title;
  std::string note;
  NumberStyle style = NumberStyle::percent;  // in cells "97"; plain "0.97"
  double deepest = 1;                        // the value of the deepest cells
  bool coloured = true;                      // a cell in its column's colour, else in ink
  std::vector<Head> rows, columns;
  std::vector<std::vector<double>> values;      // [row][column], 0 to 1; NaN: an empty cell
  std::vector<std::vector<std::string>> words;  // the same in words
};

// A <figure>: the deeper a cell, the larger its value. Empty without cells.
std::string matrix_map(const MatrixMap& map);

}  // namespace moestro
