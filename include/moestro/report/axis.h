// The scale of a plot: which part of the numbers it shows, and the round numbers marked on it.
#pragma once

#include <string>
#include <vector>

namespace moestro {

enum class NumberStyle { plain, percent };

struct Axis {
  double low = 0, high = 1;   // low < high
  double step = 1;            // between ticks: 1, 2 or 5 times a power of ten
  std::vector<double> ticks;  // inside [low, high], rising

  double place(double value) const { return (value - low) / (high - low); }  // 0 .. 1
};

// low, high: finite. wanted: about as many ticks. An empty range is widened.
// value_axis begins and ends at a tick; position_axis keeps the range, its ticks whole numbers.
Axis value_axis(double low, double high, int wanted = 5);
Axis position_axis(double low, double high, int wanted = 6);

// With as many decimals as the step needs: "0.25"; "25 %" for .25 as percent; "2e+06".
std::string tick_text(double tick, double step, NumberStyle style);

}  // namespace moestro
