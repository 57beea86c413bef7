// Points on a plane, coloured by what they belong to.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "moestro/report/figure.h"
#include "moestro/report/svg.h"

namespace moestro {

struct ScatterPlot {
  std::string title;
  std::string note;
  std::vector<KeyEntry> groups;  // those without a point are left out of the key
  std::vector<Point> points;     // one that is not finite is left out
  std::vector<int64_t> group;    // of each point
};

// A <figure>: both directions at the same scale, a cross at the origin. Groups are drawn in turns,
// so that none lies on top of all others. Empty without two points that differ.
std::string scatter_plot(const ScatterPlot& plot);

}  // namespace moestro
