#include "moestro/report/heat_map.h"

#include <gtest/gtest.h>

#include "report/well_formed.h"

namespace moestro {
namespace {

TEST(HeatMap, says_in_every_cell_what_it_counts) {
  const std::string html = heat_map({"Split", "", {"Trouser", "<Bag>"}, {{1500, 500}, {0, 10}}});
  EXPECT_EQ(testing::xml_fault(html), "");
  EXPECT_NE(html.find("Trouser, expert 0: 1,500 of 2,000 samples, 75.0 %"), std::string::npos);
  EXPECT_NE(html.find("&lt;Bag&gt;, expert 1: 10 of 10 samples, 100.0 %"), std::string::npos);
  EXPECT_EQ(html.find("<Bag>"), std::string::npos);
}

TEST(HeatMap, of_nothing_is_nothing) {
  EXPECT_EQ(heat_map({"Split", "", {}, {}}), "");
  EXPECT_EQ(heat_map({"Split", "", {"a"}, {{}}}), "");
}

TEST(HeatMap, of_a_class_without_samples_divides_by_nothing) {
  const std::string html = heat_map({"Split", "", {"a"}, {{0, 0}}});
  EXPECT_EQ(testing::xml_fault(html), "");
  EXPECT_EQ(html.find("nan"), std::string::npos);
}

TEST(HeatMap, holds_twenty_experts_and_a_hundred_classes) {
  std::vector<std::string> names;
  std::vector<std::vector<int64_t>> counts;
  for (int64_t c = 0; c < 100; ++c) {
    names.push_back("a class with a rather long name " + std::to_string(c));
    counts.emplace_back(20, 1)[static_cast<std::size_t>(c % 20)] = 80;
  }
  const std::string html = heat_map({"Split", "", names, counts});
  EXPECT_EQ(testing::xml_fault(html), "");
  EXPECT_NE(html.find("…"), std::string::npos);
  EXPECT_NE(html.find("viewBox=\"0 0 360 1322\""), std::string::npos);
}

TEST(BlockOrder, groups_rows_by_the_column_that_holds_most) {
  EXPECT_EQ(block_order({{0, 9}, {9, 0}, {1, 8}, {5, 4}}), (std::vector<std::size_t>{1, 3, 0, 2}));
}

}  // namespace
}  // namespace moestro
