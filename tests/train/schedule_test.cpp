#include "moestro/train/schedule.h"

#include <cmath>

#include <gtest/gtest.h>

namespace moestro {
namespace {

TrainConfig config(const std::string& schedule, double warmup = .25) {
  TrainConfig config;
  config.rate = .01;
  config.schedule = schedule;
  config.warmup = warmup;
  return config;
}

TEST(Schedule, constant_never_changes) {
  const Schedule schedule(config("constant"), 100);
  for (const int64_t step : {0, 50, 99}) EXPECT_EQ(schedule.rate(step), .01);
}

TEST(Schedule, one_cycle_rises_to_the_rate_and_falls_to_almost_nothing) {
  const Schedule schedule(config("one_cycle"), 100);
  EXPECT_NEAR(schedule.rate(0), .01 / 25, 1e-12);
  EXPECT_NEAR(schedule.rate(25), .01, 1e-12);
  EXPECT_NEAR(schedule.rate(100), .01 / 250000, 1e-12);
  for (int64_t step = 1; step <= 100; ++step)
    EXPECT_EQ(schedule.rate(step) > schedule.rate(step - 1), step <= 25) << step;
}

TEST(Schedule, cosine_warms_up_in_a_line_and_halves_in_the_middle) {
  const Schedule schedule(config("cosine", .2), 100);
  EXPECT_NEAR(schedule.rate(0), .01 / 20, 1e-12);
  EXPECT_NEAR(schedule.rate(9), .01 / 2, 1e-12);
  EXPECT_NEAR(schedule.rate(20), .01, 1e-12);
  EXPECT_NEAR(schedule.rate(60), .005, 1e-12);
  EXPECT_NEAR(schedule.rate(100), 0, 1e-12);
}

TEST(Schedule, works_without_warm_up_and_for_a_single_step) {
  EXPECT_NEAR(Schedule(config("cosine", 0), 10).rate(0), .01, 1e-12);
  EXPECT_NEAR(Schedule(config("one_cycle", 0), 1).rate(0), .01, 1e-12);
}

TEST(Schedule, inverse_sqrt_rises_in_a_line_and_falls_with_the_root_of_the_step) {
  const Schedule schedule(config("inverse_sqrt", .2), 100);
  for (int64_t step = 0; step < 20; ++step)
    EXPECT_NEAR(schedule.rate(step), .01 * static_cast<double>(step + 1) / 20, 1e-15) << step;
  for (int64_t step = 20; step < 100; ++step)
    EXPECT_NEAR(schedule.rate(step), .01 * std::sqrt(20. / static_cast<double>(step + 1)), 1e-15)
        << step;
  EXPECT_NEAR(schedule.rate(79), .005, 1e-15);  // four times as many steps, half the rate
}

TEST(Schedule, inverse_sqrt_without_warm_up_begins_with_the_rate) {
  const Schedule schedule(config("inverse_sqrt", 0), 10);
  EXPECT_NEAR(schedule.rate(0), .01, 1e-15);
  EXPECT_NEAR(schedule.rate(3), .005, 1e-15);
}

}  // namespace
}  // namespace moestro
