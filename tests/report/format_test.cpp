#include "moestro/report/format.h"

#include <cmath>

#include <gtest/gtest.h>

namespace moestro {
namespace {

TEST(Format, errors_are_per_cent_with_two_decimals) {
  EXPECT_EQ(percent_text(.0987), "9.87 %");
  EXPECT_EQ(percent_text(0), "0.00 %");
  EXPECT_EQ(percent_text(1, 0), "100 %");
}

TEST(Format, what_is_not_known_is_a_dash) {
  EXPECT_EQ(percent_text(NAN), "–");
  EXPECT_EQ(fixed_text(INFINITY), "–");
  EXPECT_EQ(value_text(-NAN), "–");
}

TEST(Format, zero_has_no_sign) {
  EXPECT_EQ(fixed_text(-.001), "0.00");
  EXPECT_EQ(fixed_text(-.01), "-0.01");
}

TEST(Format, counts_are_grouped_by_three_digits) {
  EXPECT_EQ(count_text(7), "7");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1000), "1,000");
  EXPECT_EQ(count_text(768900), "768,900");
  EXPECT_EQ(count_text(1234567), "1,234,567");
  EXPECT_EQ(count_text(-100), "-100");
  EXPECT_EQ(count_text(-1000), "-1,000");
}

TEST(Format, numbers_up_to_twelve_are_words) {
  EXPECT_EQ(number_word(5), "five");
  EXPECT_EQ(number_word(12), "twelve");
  EXPECT_EQ(number_word(13), "13");
  EXPECT_EQ(counted("one", 1, "run"), "one run");
  EXPECT_EQ(capitalised(counted("two", 2, "run")), "Two runs");
}

}  // namespace
}  // namespace moestro
