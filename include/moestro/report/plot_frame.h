// The axes of a plot: where a pair of numbers lies in the drawing, ticks, grid and labels.
#pragma once

#include <string>

#include "moestro/report/axis.h"
#include "moestro/report/svg.h"

namespace moestro {

// The drawing is as wide as a phone's screen in CSS pixels, so that its text is as large as meant
// there and a little larger elsewhere.
constexpr double kPlotWidth = 360, kPlotHeight = 210;

struct PlotFrame {
  Axis x, y;
  NumberStyle y_style = NumberStyle::plain;
  std::string x_label;
  double left = 42, right = 312, top = 10, bottom = 172;  // of the area where data is drawn

  Point place(Point value) const;
  void draw(Svg& svg) const;  // grid, ticks, labels
};

}  // namespace moestro
