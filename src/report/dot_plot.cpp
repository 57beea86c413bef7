#include "moestro/report/dot_plot.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "moestro/report/escape.h"
#include "moestro/report/figure.h"
#include "moestro/report/format.h"
#include "moestro/report/svg.h"

namespace moestro {
namespace {

constexpr double kWidth = 360, kHeader = 18, kRowHeight = 22, kRight = 300;

double left_of(const DotPlot& plot) {
  int64_t longest = 1;
  for (const DotRow& row : plot.rows) longest = std::max(longest, display_width(row.name));
  return std::min(30 + 6. * static_cast<double>(longest), 130.);
}

void draw_row(Svg& svg, const DotPlot& plot, const DotRow& row, const Axis& axis, double left,
              double y) {
  const auto place = [&](double value) {
    return Point{left + axis.place(value) * (kRight - left), y};
  };
  const auto words = [&](const std::string& what, double value) {
    return fmt::format(
        "{}, {}: {}", printable(row.name), what,
        plot.style == NumberStyle::percent ? percent_text(value, 1) : value_text(value));
  };
  svg.rect({0, y - 4.5}, 9, 9, "fill " + row.css);
  svg.text({15, y + 3.5}, printable(row.name), "");
  svg.line({left, y}, {kRight, y}, "grid");
  if (std::isfinite(row.full) && std::isfinite(row.ring))
    svg.line(place(row.ring), place(row.full), "curve " + row.css);
  if (std::isfinite(row.ring))
    svg.circle(place(row.ring), 4.2, "ring " + row.css, words(plot.ring_name, row.ring));
  if (std::isfinite(row.full))
    svg.circle(place(row.full), 5, "fill " + row.css, words(plot.full_name, row.full));
  if (!row.remark.empty()) svg.text({kWidth, y + 3.5}, row.remark, "end");
}

}  // namespace

std::string dot_plot(const DotPlot& plot) {
  double high = plot.whole_percent ? 1 : 0;
  bool any = false;
  for (const DotRow& row : plot.rows)
    for (double value : {row.full, row.ring})
      if (std::isfinite(value)) {
        any = true;
        high = std::max(high, value);
      }
  if (!any) return {};
  const Axis axis = value_axis(0, high, 4);
  const double left = left_of(plot);
  const double bottom = kHeader + kRowHeight * static_cast<double>(plot.rows.size());
  Svg svg(kWidth, bottom + 22, plot.title);
  svg.text({kWidth, 9}, plot.remark_name, "end soft");
  for (double tick : axis.ticks) {
    const double x = left + axis.place(tick) * (kRight - left);
    svg.line({x, kHeader - 4}, {x, bottom}, "grid");
    svg.text({x, bottom + 14}, tick_text(tick, axis.step, plot.style), "mid");
  }
  double y = kHeader + kRowHeight / 2;
  for (const DotRow& row : plot.rows) {
    draw_row(svg, plot, row, axis, left, y);
    y += kRowHeight;
  }
  return figure_html(
      {plot.title, {{plot.full_name, "full"}, {plot.ring_name, "hollow"}}, plot.note}, svg.str());
}

}  // namespace moestro
