#include "moestro/report/axis.h"

#include <cmath>

#include <gtest/gtest.h>

namespace moestro {
namespace {

TEST(ValueAxis, ends_at_round_numbers_around_the_values) {
  const Axis axis = value_axis(0, .31);
  EXPECT_DOUBLE_EQ(axis.low, 0);
  EXPECT_DOUBLE_EQ(axis.high, .35);
  EXPECT_EQ(axis.ticks.size(), 8u);
  EXPECT_NEAR(axis.ticks[1], .05, 1e-12);
}

TEST(ValueAxis, has_steps_of_one_two_or_five_and_about_as_many_ticks_as_wanted) {
  for (double high : {1e-7, .013, .5, 1., 2.3, 7., 19., 94., 12345., 8e8}) {
    const Axis axis = value_axis(-.3 * high, high);
    const double lead = axis.step / std::pow(10, std::floor(std::log10(axis.step) + 1e-9));
    EXPECT_TRUE(std::abs(lead - 1) < 1e-6 || std::abs(lead - 2) < 1e-6 || std::abs(lead - 5) < 1e-6)
        << high << ": " << axis.step;
    EXPECT_LE(axis.low, -.3 * high);
    EXPECT_GE(axis.high, high);
    EXPECT_GE(axis.ticks.size(), 3u) << high;
    EXPECT_LE(axis.ticks.size(), 10u) << high;
  }
}

TEST(ValueAxis, has_no_negative_zero) {
  const Axis axis = value_axis(0, 4e9);
  EXPECT_EQ(tick_text(axis.ticks.front(), axis.step, NumberStyle::plain), "0");
}

TEST(ValueAxis, of_one_value_has_room_around_it) {
  for (double value : {0., 5., -3e-9, 1e12}) {
    const Axis axis = value_axis(value, value);
    EXPECT_LT(axis.low, value);
    EXPECT_GT(axis.high, value);
  }
}

TEST(PositionAxis, keeps_its_range_and_marks_whole_numbers) {
  const Axis axis = position_axis(0, 8);
  EXPECT_EQ(axis.low, 0);
  EXPECT_EQ(axis.high, 8);
  for (double tick : axis.ticks) EXPECT_EQ(tick, std::round(tick));
  EXPECT_EQ(position_axis(0, 1).ticks, (std::vector<double>{0, 1}));
  EXPECT_EQ(position_axis(0, .4).ticks, (std::vector<double>{0}));
}

TEST(TickText, has_the_decimals_that_its_step_needs) {
  EXPECT_EQ(tick_text(.25, .05, NumberStyle::plain), "0.25");
  EXPECT_EQ(tick_text(2, 1, NumberStyle::plain), "2");
  EXPECT_EQ(tick_text(.25, .05, NumberStyle::percent), "25 %");
  EXPECT_EQ(tick_text(.025, .005, NumberStyle::percent), "2.5 %");
  EXPECT_EQ(tick_text(2e6, 1e6, NumberStyle::plain), "2e+06");
}

}  // namespace
}  // namespace moestro
