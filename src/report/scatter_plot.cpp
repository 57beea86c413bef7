#include "moestro/report/scatter_plot.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "moestro/core/error.h"

namespace moestro {
namespace {

constexpr double kWidth = 360, kMostHeight = 330, kMargin = 4;
constexpr std::size_t kTurns = 8;

struct Frame {
  double low_x = std::numeric_limits<double>::infinity(), low_y = low_x;
  double high_x = -low_x, high_y = -low_x;
  double scale = 1;

  void take(const Point& point) {
    low_x = std::min(low_x, point.x);
    high_x = std::max(high_x, point.x);
    low_y = std::min(low_y, point.y);
    high_y = std::max(high_y, point.y);
  }
  bool fit() {
    const double wide = high_x - low_x, tall = high_y - low_y;
    if (!(std::max(wide, tall) > 0) || !std::isfinite(wide) || !std::isfinite(tall)) return false;
    scale = std::min((kWidth - 2 * kMargin) / wide, (kMostHeight - 2 * kMargin) / tall);
    return true;
  }
  double height() const { return (high_y - low_y) * scale + 2 * kMargin; }
  Point place(const Point& point) const {
    const double left = (kWidth - (high_x - low_x) * scale) / 2;
    return {left + (point.x - low_x) * scale, kMargin + (high_y - point.y) * scale};
  }
};

bool shown(const Point& point) {
  return std::isfinite(point.x) && std::isfinite(point.y);
}

void draw_cross(Svg& svg, const Frame& frame) {
  const Point origin = frame.place({0, 0});
  if (origin.y > 0 && origin.y < frame.height())
    svg.line({0, origin.y}, {kWidth, origin.y}, "grid");
  if (origin.x > 0 && origin.x < kWidth)
    svg.line({origin.x, 0}, {origin.x, frame.height()}, "grid");
}

void draw_turn(Svg& svg, const ScatterPlot& plot, const Frame& frame, std::size_t begin,
               std::size_t end) {
  std::vector<std::vector<Point>> places(plot.groups.size());
  for (std::size_t i = begin; i < end; ++i)
    if (shown(plot.points[i]))
      places[static_cast<std::size_t>(plot.group[i])].push_back(frame.place(plot.points[i]));
  for (std::size_t g = 0; g < places.size(); ++g)
    if (!places[g].empty()) svg.dots(places[g], "dots " + plot.groups[g].css);
}

}  // namespace

std::string scatter_plot(const ScatterPlot& plot) {
  MOESTRO_CHECK(plot.points.size() == plot.group.size());
  Frame frame;
  std::vector<bool> present(plot.groups.size(), false);
  for (std::size_t i = 0; i < plot.points.size(); ++i)
    if (shown(plot.points[i])) {
      frame.take(plot.points[i]);
      present.at(static_cast<std::size_t>(plot.group[i])) = true;
    }
  if (!frame.fit()) return {};
  Svg svg(kWidth, frame.height(), plot.title);
  draw_cross(svg, frame);
  const std::size_t size = plot.points.size();
  for (std::size_t turn = 0; turn < kTurns; ++turn)
    draw_turn(svg, plot, frame, turn * size / kTurns, (turn + 1) * size / kTurns);
  Figure figure{plot.title, {}, plot.note};
  for (std::size_t g = 0; g < plot.groups.size(); ++g)
    if (present[g]) figure.key.push_back(plot.groups[g]);
  return figure_html(figure, svg.str());
}

}  // namespace moestro
