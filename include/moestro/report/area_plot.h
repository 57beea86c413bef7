// Shares that sum to one, stacked, over the course of training.
#pragma once

#include <string>
#include <vector>

namespace moestro {

struct AreaPlot {
  std::string title;
  std::string x_label;
  std::string note;
  std::vector<double> x;                    // rising
  std::vector<std::vector<double>> shares;  // [x][part]; every row as long as the first
};

// A <figure>, part i in colour_class(i), the first at the bottom; empty where x is empty. A single
// row is drawn as a band of even height; a row with a share that is not finite is left out.
std::string area_plot(const AreaPlot& plot);

}  // namespace moestro
