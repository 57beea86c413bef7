#include "study/run_schedule.h"

#include <gtest/gtest.h>

namespace moestro {
namespace {

// teacher 0 <- student 1 <- its student 2; 3 stands alone.
std::vector<PlannedRun> four_runs() {
  std::vector<PlannedRun> runs(4);
  runs[1].needs = {0};
  runs[2].needs = {1};
  return runs;
}

TEST(RunSchedule, starts_what_needs_nothing_that_is_not_finished) {
  const std::vector<PlannedRun> runs = four_runs();
  RunSchedule schedule(runs);
  EXPECT_EQ(schedule.next(), 0u);
  schedule.set(0, RunState::running);
  EXPECT_EQ(schedule.next(), 3u);
  schedule.set(3, RunState::running);
  EXPECT_EQ(schedule.next(), std::nullopt);
  schedule.set(0, RunState::finished);
  EXPECT_EQ(schedule.next(), 1u);
  EXPECT_EQ(schedule.count(RunState::finished), 1);
  EXPECT_EQ(schedule.still_to_start(), 2);
}

TEST(RunSchedule, a_run_that_failed_takes_those_along_that_need_it) {
  const std::vector<PlannedRun> runs = four_runs();
  RunSchedule schedule(runs);
  EXPECT_EQ(schedule.still_to_start(), 4);
  schedule.set(0, RunState::failed);
  EXPECT_EQ(schedule.still_to_start(), 1);
  EXPECT_EQ(schedule.next(), 3u);
  schedule.set(3, RunState::finished);
  EXPECT_EQ(schedule.next(), std::nullopt);
  EXPECT_EQ(schedule.still_to_start(), 0);
}

}  // namespace
}  // namespace moestro
