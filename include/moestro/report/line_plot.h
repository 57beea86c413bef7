// Curves over the course of training.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "moestro/report/axis.h"
#include "moestro/report/figure.h"
#include "moestro/report/svg.h"

namespace moestro {

struct Series {
  std::string name;
  std::string css;            // as KeyEntry::css: colour_class(i), "ink", "soft", "faint"
  std::vector<Point> points;  // a y that is not finite makes a gap
};

struct LinePlot {
  std::string title;
  std::string x_label;
  NumberStyle y_style = NumberStyle::plain;
  bool from_zero = true;  // the y axis begins at 0, unless there are negative values
  std::string note;
  std::vector<Series> series;
};

// A <figure>; empty where no series has a point to show. Long series are thinned.
std::string line_plot(const LinePlot& plot);

// At most limit points: means of as many neighbours as it takes.
std::vector<Point> thinned(const std::vector<Point>& points, int64_t limit);

}  // namespace moestro
