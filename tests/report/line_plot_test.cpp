#include "moestro/report/line_plot.h"

#include <cmath>
#include <regex>

#include <gtest/gtest.h>

#include "report/page_parts.h"
#include "report/well_formed.h"

namespace moestro {
namespace {

using testing::count;

LinePlot plot_of(const std::vector<Point>& points) {
  LinePlot plot;
  plot.title = "Loss <&>";
  plot.x_label = "epoch";
  plot.series = {{"training", "soft", points}};
  return plot;
}

TEST(LinePlot, is_well_formed_and_says_what_it_shows) {
  const std::string html = line_plot(plot_of({{1, 2.}, {2, 1.}, {3, .5}}));
  EXPECT_EQ(testing::xml_fault(html), "");
  EXPECT_NE(html.find("aria-label=\"Loss &lt;&amp;&gt;\""), std::string::npos);
  EXPECT_EQ(count(html, "<polyline"), 1u);
  EXPECT_NE(html.find(">epoch<"), std::string::npos);
}

TEST(LinePlot, without_points_is_nothing) {
  EXPECT_EQ(line_plot(plot_of({})), "");
  EXPECT_EQ(line_plot(plot_of({{1, NAN}, {2, INFINITY}})), "");
}

TEST(LinePlot, breaks_where_a_value_is_not_a_number) {
  const std::string html =
      line_plot(plot_of({{1, 1.}, {2, 2.}, {3, NAN}, {4, 2.}, {5, 1.}, {6, INFINITY}, {7, 3.}}));
  EXPECT_EQ(count(html, "<polyline"), 2u);  // the last point stands alone
  EXPECT_EQ(html.find("nan"), std::string::npos);
  EXPECT_EQ(html.find("inf"), std::string::npos);
}

TEST(LinePlot, stays_inside_the_drawing_whatever_the_values) {
  for (const auto& points : {std::vector<Point>{{1, 1e30}, {2, -1e30}},
                             {{1, 7.}},
                             {{1, 0.}},
                             {{1, 1e300}, {2, 1.}, {3, 2.}},
                             {{5, 1e-12}, {6, 2e-12}}}) {
    const std::string html = line_plot(plot_of(points));
    const std::regex circle("cx=\"([-0-9.]+)\" cy=\"([-0-9.]+)\"");
    for (std::sregex_iterator at(html.begin(), html.end(), circle), end; at != end; ++at) {
      EXPECT_GE(std::stod((*at)[1]), 0);
      EXPECT_LE(std::stod((*at)[1]), 360);
      EXPECT_GE(std::stod((*at)[2]), 0);
      EXPECT_LE(std::stod((*at)[2]), 210);
    }
    EXPECT_EQ(testing::xml_fault(html), "");
  }
}

TEST(LinePlot, has_a_key_for_several_series_with_points_only) {
  LinePlot plot = plot_of({{1, 2.}, {2, 1.}});
  EXPECT_EQ(line_plot(plot).find("class=\"key\""), std::string::npos);
  plot.series.push_back({"validation", "ink", {{1, 3.}, {2, 2.}}});
  plot.series.push_back({"never", "ink", {{1, NAN}}});
  const std::string html = line_plot(plot);
  EXPECT_NE(html.find("</i>validation</li>"), std::string::npos);
  EXPECT_EQ(html.find("never"), std::string::npos);
}

TEST(LinePlot, keeps_labels_of_last_values_apart) {
  LinePlot plot = plot_of({{1, 2.}, {2, 1.}});
  plot.series.push_back({"validation", "ink", {{1, 2.}, {2, 1.001}}});
  const std::string html = line_plot(plot);
  const std::regex label("<circle class=\"fill [a-z]+\" cx=\"[0-9.]+\" cy=\"([0-9.]+)\"");
  std::vector<double> heights;
  for (std::sregex_iterator at(html.begin(), html.end(), label), end; at != end; ++at)
    heights.push_back(std::stod((*at)[1]));
  ASSERT_EQ(heights.size(), 2u);
  EXPECT_GE(std::abs(heights[0] - heights[1]), 12);
}

TEST(Thinned, replaces_neighbours_by_their_mean) {
  std::vector<Point> points;
  for (int i = 0; i < 1000; ++i) points.push_back({static_cast<double>(i), i % 2 ? 1. : 3.});
  const auto few = thinned(points, 100);
  ASSERT_EQ(few.size(), 100u);
  EXPECT_DOUBLE_EQ(few[0].x, 4.5);
  for (const Point& point : few) EXPECT_NEAR(point.y, 2, 1e-12);
  EXPECT_EQ(thinned(points, 1000).size(), 1000u);
}

}  // namespace
}  // namespace moestro
