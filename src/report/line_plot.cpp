#include "moestro/report/line_plot.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "moestro/report/format.h"
#include "moestro/report/plot_frame.h"

namespace moestro {
namespace {

constexpr int64_t kMostPoints = 240;        // a pixel and a half each
constexpr std::size_t kMostEndLabels = 3;   // more would hide each other
constexpr std::size_t kMostDots = 30;       // of one series
constexpr double kLargest = 1e100;          // beyond it differences overflow
constexpr double kEndLabelDistance = 12.5;  // between lines of text

bool shown(const Point& point) {
  return std::isfinite(point.x) && std::abs(point.y) < kLargest;
}

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void take(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

std::optional<PlotFrame> frame_of(const LinePlot& plot, const std::vector<Series>& series) {
  Range x, y;
  for (const Series& one : series)
    for (const Point& point : one.points)
      if (shown(point)) {
        x.take(point.x);
        y.take(point.y);
      }
  if (x.low > x.high) return std::nullopt;
  if (plot.from_zero) y.take(0);
  PlotFrame frame;
  frame.x = position_axis(std::min(x.low, 0.), x.high);
  frame.y = value_axis(y.low, y.high);
  frame.y_style = plot.y_style;
  frame.x_label = plot.x_label;
  return frame;
}

// Runs of points without a gap.
std::vector<std::vector<Point>> pieces(const PlotFrame& frame, const std::vector<Point>& points) {
  std::vector<std::vector<Point>> found(1);
  for (const Point& point : points) {
    if (shown(point))
      found.back().push_back(frame.place(point));
    else if (!found.back().empty())
      found.emplace_back();
  }
  if (found.back().empty()) found.pop_back();
  return found;
}

void draw_series(Svg& svg, const PlotFrame& frame, const Series& series) {
  const auto parts = pieces(frame, series.points);
  for (const auto& piece : parts)
    if (piece.size() > 1) svg.polyline(piece, "curve " + series.css);
  const bool few = series.points.size() <= kMostDots;
  for (const auto& piece : parts)
    for (const Point& point : piece)
      if (few || piece.size() == 1) svg.circle(point, 2.2, "dot " + series.css);
}

struct EndLabel {
  Point at;
  std::string text, css;
};

std::vector<EndLabel> end_labels(const LinePlot& plot, const PlotFrame& frame) {
  std::vector<EndLabel> labels;
  for (const Series& series : plot.series) {
    const auto last = std::find_if(series.points.rbegin(), series.points.rend(), shown);
    if (last == series.points.rend() || series.css == "faint") continue;
    const bool percent = plot.y_style == NumberStyle::percent;
    labels.push_back({{frame.right + 7, frame.place(*last).y},
                      percent ? percent_text(last->y, 1) : value_text(last->y, 3),
                      series.css});
  }
  if (labels.size() > kMostEndLabels) return {};
  std::sort(labels.begin(), labels.end(),
            [](const EndLabel& a, const EndLabel& b) { return a.at.y < b.at.y; });
  for (std::size_t i = labels.size(); i-- > 0;) {
    const double floor =
        i + 1 < labels.size() ? labels[i + 1].at.y - kEndLabelDistance : frame.bottom - 2;
    labels[i].at.y = std::min(labels[i].at.y, floor);
  }
  return labels;
}

}  // namespace

std::vector<Point> thinned(const std::vector<Point>& points, int64_t limit) {
  const auto size = static_cast<int64_t>(points.size());
  const int64_t group = (size + limit - 1) / limit;
  if (group <= 1) return points;
  std::vector<Point> out;
  for (int64_t begin = 0; begin < size; begin += group) {
    const int64_t end = std::min(size, begin + group);
    Point mean;
    for (int64_t i = begin; i < end; ++i) {
      const Point& point = points[static_cast<std::size_t>(i)];
      mean.x += point.x / static_cast<double>(end - begin);
      mean.y += point.y / static_cast<double>(end - begin);
    }
    out.push_back(mean);
  }
  return out;
}

std::string line_plot(const LinePlot& plot) {
  std::vector<Series> series = plot.series;
  for (Series& one : series) one.points = thinned(one.points, kMostPoints);
  const auto frame = frame_of(plot, series);
  if (!frame) return {};
  Svg svg(kPlotWidth, kPlotHeight, plot.title);
  frame->draw(svg);
  Figure figure{plot.title, {}, plot.note};
  for (const Series& one : series) {
    if (std::none_of(one.points.begin(), one.points.end(), shown)) continue;
    draw_series(svg, *frame, one);
    if (plot.series.size() > 1) figure.key.push_back({one.name, one.css});
  }
  for (const EndLabel& label : end_labels(plot, *frame)) {
    svg.circle({label.at.x, label.at.y}, 2.6, "fill " + label.css);
    svg.text({label.at.x + 6, label.at.y + 3.5}, label.text, "");
  }
  return figure_html(figure, svg.str());
}

}  // namespace moestro
