#include "moestro/report/scatter_plot.h"

#include <cmath>
#include <regex>

#include <gtest/gtest.h>

#include "report/page_parts.h"
#include "report/well_formed.h"

namespace moestro {
namespace {

using testing::count;

ScatterPlot three_points() {
  ScatterPlot plot;
  plot.title = "Map";
  plot.groups = {{"expert 0", "c0"}, {"expert 1", "c1"}, {"expert 2", "c2"}};
  plot.points = {{-2, 0}, {2, 0}, {0, 1}};
  plot.group = {0, 0, 2};
  return plot;
}

TEST(ScatterPlot, draws_every_point_in_its_colour_at_one_scale) {
  const std::string html = scatter_plot(three_points());
  EXPECT_EQ(testing::xml_fault(html), "");
  EXPECT_EQ(count(html, "h0"), 3u);
  // 352 wide between the margins: 88 a unit, the same upwards.
  EXPECT_NE(html.find("viewBox=\"0 0 360 96\""), std::string::npos);
  EXPECT_NE(html.find("d=\"M4 92h0\""), std::string::npos);
  EXPECT_NE(html.find("<path class=\"dots c2\" d=\"M180 4h0\""), std::string::npos);
}

TEST(ScatterPlot, names_the_groups_that_have_points) {
  const std::string html = scatter_plot(three_points());
  EXPECT_NE(html.find("</i>expert 2</li>"), std::string::npos);
  EXPECT_EQ(html.find("</i>expert 1</li>"), std::string::npos);
}

TEST(ScatterPlot, of_two_thousand_points_is_small) {
  ScatterPlot plot = three_points();
  for (int i = 0; i < 2000; ++i) {
    plot.points.push_back({std::sin(i), std::cos(7 * i)});
    plot.group.push_back(i % 3);
  }
  EXPECT_LT(scatter_plot(plot).size(), 35000u);
}

TEST(ScatterPlot, lets_no_group_cover_all_others) {
  ScatterPlot plot = three_points();
  plot.points.assign(80, {0, 0});
  plot.group.assign(80, 0);
  for (std::size_t i = 0; i < 80; ++i) {
    plot.points[i] = {static_cast<double>(i), 0};
    plot.group[i] = static_cast<int64_t>(i % 3);
  }
  const std::string html = scatter_plot(plot);
  EXPECT_LT(html.rfind("dots c0"), html.rfind("dots c1"));
  EXPECT_GT(html.rfind("dots c0"), html.find("dots c2"));
}

TEST(ScatterPlot, leaves_out_what_is_not_finite_and_draws_nothing_of_nothing) {
  ScatterPlot plot = three_points();
  plot.points[2].y = NAN;
  EXPECT_EQ(count(scatter_plot(plot), "h0"), 2u);
  plot.points[1].x = INFINITY;
  EXPECT_EQ(scatter_plot(plot), "");  // a single point has no scale
  EXPECT_EQ(scatter_plot({}), "");
}

}  // namespace
}  // namespace moestro
