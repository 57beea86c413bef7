#include "moestro/data/cell.h"

#include <cmath>

#include <gtest/gtest.h>

namespace moestro::testing {
namespace {

TEST(Cell, missing_words_are_known_in_any_case) {
  for (const char* cell : {"", "?", "NA", "na", "nan", "NaN"})
    EXPECT_TRUE(is_missing(cell)) << cell;
  for (const char* cell : {"0", "none", "n", "??"}) EXPECT_FALSE(is_missing(cell)) << cell;
}

TEST(Cell, a_number_fills_the_whole_cell) {
  EXPECT_EQ(parse_number("-1.5e3"), -1500);
  EXPECT_EQ(parse_number("+2"), 2);
  EXPECT_EQ(parse_number(".5"), .5);
  for (const char* cell : {"", "1 2", "1,5", "12a", "+-1", "0x1f", "a"})
    EXPECT_FALSE(parse_number(cell)) << cell;
}

TEST(Cell, what_is_too_large_is_infinite_and_what_is_too_small_is_zero) {
  EXPECT_TRUE(std::isinf(*parse_number("1e999")));
  EXPECT_TRUE(std::isinf(*parse_number("inf")));
  EXPECT_EQ(parse_number("1e-999"), 0);
}

}  // namespace
}  // namespace moestro::testing
