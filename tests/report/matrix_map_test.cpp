#include "moestro/report/matrix_map.h"

#include <gtest/gtest.h>

#include "moestro/report/metrics_record.h"
#include "report/page_parts.h"
#include "report/well_formed.h"

namespace moestro {
namespace {

using testing::has;

MatrixMap two_by_two() {
  MatrixMap map;
  map.title = "Who";
  map.rows = {{"samples of 0", "c0"}, {"<b>", "c1"}};
  map.columns = {{"0", "c0"}, {"1", "c1"}};
  map.values = {{.97, .2}, {kNotKnown, 1}};
  map.words = {{"own", "other"}, {"a & b", "last"}};
  return map;
}

TEST(MatrixMap, says_every_value_in_numbers_and_words) {
  const std::string html = matrix_map(two_by_two());
  EXPECT_EQ(testing::xml_fault(html), "");
  EXPECT_TRUE(has(html, ">97</text>"));
  EXPECT_TRUE(has(html, "<title>other</title>"));
  EXPECT_FALSE(has(html, "<b>"));
}

TEST(MatrixMap, leaves_a_cell_empty_where_nothing_is_known) {
  const std::string html = matrix_map(two_by_two());
  EXPECT_FALSE(has(html, "nan"));
  EXPECT_FALSE(has(html, "a &amp; b"));
}

TEST(MatrixMap, is_deeper_for_larger_values_and_takes_those_beyond_the_scale) {
  MatrixMap map = two_by_two();
  map.style = NumberStyle::plain;
  map.coloured = false;
  map.values = {{-.03, .5}, {.5, 1}};
  const std::string html = matrix_map(map);
  EXPECT_TRUE(has(html, "fill-opacity=\"0.060\"><title>own"));
  EXPECT_TRUE(has(html, "fill-opacity=\"0.530\"><title>other"));
  EXPECT_TRUE(has(html, ">-0.03</text>"));
  EXPECT_TRUE(has(html, "class=\"mid on ink\""));
}

TEST(MatrixMap, is_deepest_at_the_value_that_it_is_told) {
  MatrixMap map = two_by_two();
  map.deepest = .4;
  EXPECT_TRUE(has(matrix_map(map), "fill-opacity=\"0.530\"><title>other"));
}

TEST(MatrixMap, of_many_columns_names_as_many_as_there_is_room_for) {
  MatrixMap map;
  map.rows = {{"all", "c0"}};
  for (int i = 0; i < 64; ++i) map.columns.push_back({std::to_string(i), "c1"});
  map.values = {std::vector<double>(64, .5)};
  map.words = {std::vector<std::string>(64, "half")};
  const std::string html = matrix_map(map);
  EXPECT_TRUE(has(html, ">0</text>"));
  EXPECT_FALSE(has(html, ">1</text>"));
}

TEST(MatrixMap, of_nothing_is_nothing) {
  EXPECT_EQ(matrix_map({}), "");
}

}  // namespace
}  // namespace moestro
