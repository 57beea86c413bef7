#include "moestro/report/axis.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "moestro/report/format.h"

namespace moestro {
namespace {

double round_step(double range, int wanted) {
  const double rough = range / wanted;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  const double lead = rough / power;
  return power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
}

// Multiples of the step in [low, high], a rounding error aside.
std::vector<double> multiples(double low, double high, double step) {
  std::vector<double> ticks;
  const double first = std::ceil(low / step - 1e-9), last = std::floor(high / step + 1e-9);
  for (double i = first; i <= last; ++i) ticks.push_back(i * step + 0.);  // no -0
  return ticks;
}

// What the doubles can tell apart around these numbers, and more.
void widen(double& low, double& high) {
  if (high - low > 1e-9 * std::max(std::abs(low), std::abs(high))) return;
  const double half = low == 0 ? .5 : .5 * std::abs(low);
  low -= half;
  high += half;
}

}  // namespace

Axis value_axis(double low, double high, int wanted) {
  widen(low, high);
  const double step = round_step(high - low, wanted);
  low = step * std::floor(low / step + 1e-9);
  high = step * std::ceil(high / step - 1e-9);
  return {low, high, step, multiples(low, high, step)};
}

Axis position_axis(double low, double high, int wanted) {
  if (high <= low) high = low + 1;
  const double step = std::max(1., round_step(high - low, wanted));
  return {low, high, step, multiples(low, high, step)};
}

std::string tick_text(double tick, double step, NumberStyle style) {
  const double scale = style == NumberStyle::percent ? 100 : 1;
  const std::string unit = style == NumberStyle::percent ? " %" : "";
  const double magnitude = std::max(std::abs(tick), step) * scale;
  if (magnitude >= 1e6 || step * scale < 1e-4) return fmt::format("{:g}{}", tick * scale, unit);
  const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(step * scale) + 1e-9)));
  return fixed_text(tick * scale, decimals) + unit;
}

}  // namespace moestro
