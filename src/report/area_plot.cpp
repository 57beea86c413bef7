#include "moestro/report/area_plot.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>

#include "moestro/core/error.h"
#include "moestro/report/figure.h"
#include "moestro/report/format.h"
#include "moestro/report/palette.h"
#include "moestro/report/plot_frame.h"

namespace moestro {
namespace {

constexpr double kLabelHeight = 13;

// Sums of the first 0, 1, ..., all parts, scaled so that all together are 1.
std::vector<double> cumulative(const std::vector<double>& shares) {
  std::vector<double> sums = {0};
  for (double share : shares) sums.push_back(sums.back() + std::max(0., share));
  const double total = sums.back() > 0 ? sums.back() : 1;
  for (double& sum : sums) sum /= total;
  return sums;
}

struct Stack {
  std::vector<double> x;
  std::vector<std::vector<double>> sums;  // [x][part + 1]
};

Stack stacked(const AreaPlot& plot) {
  Stack stack;
  for (std::size_t i = 0; i < plot.x.size(); ++i) {
    const std::vector<double>& row = plot.shares[i];
    if (!std::all_of(row.begin(), row.end(), [](double s) { return std::isfinite(s); })) continue;
    stack.x.push_back(plot.x[i]);
    stack.sums.push_back(cumulative(row));
  }
  if (stack.x.size() == 1) {
    stack.x.insert(stack.x.begin(), stack.x.front() - 1);
    stack.sums.push_back(stack.sums.front());
  }
  return stack;
}

void draw_part(Svg& svg, const PlotFrame& frame, const Stack& stack, std::size_t part) {
  std::vector<Point> outline;
  for (std::size_t i = 0; i < stack.x.size(); ++i)
    outline.push_back(frame.place({stack.x[i], stack.sums[i][part + 1]}));
  for (std::size_t i = stack.x.size(); i-- > 0;)
    outline.push_back(frame.place({stack.x[i], stack.sums[i][part]}));
  const std::string css = colour_class(static_cast<int64_t>(part));
  svg.polygon(outline, "area " + css);

  const double low = stack.sums.back()[part], high = stack.sums.back()[part + 1];
  if ((high - low) * (frame.bottom - frame.top) < kLabelHeight) return;
  const Point middle = frame.place({stack.x.back(), (low + high) / 2});
  svg.rect({frame.right + 6, middle.y - 4.5}, 9, 9, "fill " + css);
  svg.text({frame.right + 19, middle.y + 3.5},
           fmt::format("{} · {}", part, percent_text(high - low, 0)), "");
}

}  // namespace

std::string area_plot(const AreaPlot& plot) {
  MOESTRO_CHECK(plot.x.size() == plot.shares.size(), "{} rows for {} places", plot.shares.size(),
                plot.x.size());
  const Stack stack = stacked(plot);
  if (stack.x.empty()) return {};
  PlotFrame frame;
  frame.right = 302;
  frame.x = position_axis(stack.x.front(), stack.x.back());
  frame.y = {0, 1, .25, {0, .25, .5, .75, 1}};
  frame.y_style = NumberStyle::percent;
  frame.x_label = plot.x_label;
  Svg svg(kPlotWidth, kPlotHeight, plot.title);
  frame.draw(svg);
  for (std::size_t part = 0; part + 1 < stack.sums.front().size(); ++part)
    draw_part(svg, frame, stack, part);
  return figure_html({plot.title, {}, plot.note}, svg.str());
}

}  // namespace moestro
