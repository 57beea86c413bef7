#include "moestro/report/dot_plot.h"

#include <cmath>

#include <gtest/gtest.h>

#include "report/well_formed.h"

namespace moestro {
namespace {

DotPlot plot_of(const std::vector<DotRow>& rows) {
  DotPlot plot;
  plot.title = "Accuracy";
  plot.full_name = "own";
  plot.ring_name = "all";
  plot.remark_name = "samples";
  plot.style = NumberStyle::percent;
  plot.whole_percent = true;
  plot.rows = rows;
  return plot;
}

TEST(DotPlot, names_both_numbers_of_a_row) {
  const std::string html = dot_plot(plot_of({{"expert 0", "c0", .93, .2, "20 %"}}));
  EXPECT_EQ(testing::xml_fault(html), "");
  EXPECT_NE(html.find("<title>expert 0, own: 93.0 %</title>"), std::string::npos);
  EXPECT_NE(html.find("<title>expert 0, all: 20.0 %</title>"), std::string::npos);
}

TEST(DotPlot, leaves_out_a_number_that_is_not_known) {
  const std::string html = dot_plot(plot_of({{"a", "c0", NAN, .2, ""}}));
  EXPECT_EQ(testing::xml_fault(html), "");
  EXPECT_EQ(html.find("a, own"), std::string::npos);
  EXPECT_EQ(html.find("nan"), std::string::npos);
}

TEST(DotPlot, without_numbers_is_nothing) {
  EXPECT_EQ(dot_plot(plot_of({})), "");
  EXPECT_EQ(dot_plot(plot_of({{"a", "c0", NAN, NAN, ""}})), "");
}

}  // namespace
}  // namespace moestro
