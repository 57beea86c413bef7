#include "moestro/report/area_plot.h"

#include <cmath>

#include <gtest/gtest.h>

#include "report/well_formed.h"

namespace moestro {
namespace {

std::size_t areas(const std::string& html) {
  std::size_t found = 0;
  for (std::size_t at = html.find("<polygon"); at != std::string::npos;
       at = html.find("<polygon", at + 1))
    ++found;
  return found;
}

TEST(AreaPlot, has_an_area_a_part_with_its_colour_and_last_share) {
  const std::string html = area_plot({"Usage", "epoch", "", {1, 2}, {{.5, .5}, {.25, .75}}});
  EXPECT_EQ(testing::xml_fault(html), "");
  EXPECT_EQ(areas(html), 2u);
  EXPECT_NE(html.find("area c1"), std::string::npos);
  EXPECT_NE(html.find("0 · 25 %"), std::string::npos);
  EXPECT_NE(html.find("1 · 75 %"), std::string::npos);
}

TEST(AreaPlot, of_one_row_is_a_band) {
  const std::string html = area_plot({"Usage", "epoch", "", {1}, {{.5, .5}}});
  EXPECT_EQ(areas(html), 2u);
  EXPECT_EQ(testing::xml_fault(html), "");
}

TEST(AreaPlot, of_nothing_is_nothing) {
  EXPECT_EQ(area_plot({"Usage", "epoch", "", {}, {}}), "");
  EXPECT_EQ(area_plot({"Usage", "epoch", "", {1}, {{NAN, .5}}}), "");
}

TEST(AreaPlot, scales_shares_to_the_whole) {
  const std::string whole = area_plot({"Usage", "epoch", "", {1, 2}, {{.5, .5}, {.25, .75}}});
  EXPECT_EQ(area_plot({"Usage", "epoch", "", {1, 2}, {{10, 10}, {1, 3}}}), whole);
}

TEST(AreaPlot, labels_no_sliver) {
  EXPECT_EQ(area_plot({"Usage", "epoch", "", {1, 2}, {{.01, .99}, {.01, .99}}}).find("0 · 1 %"),
            std::string::npos);
}

}  // namespace
}  // namespace moestro
