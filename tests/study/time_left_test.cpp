#include "study/time_left.h"

#include <gtest/gtest.h>

namespace moestro {
namespace {

TEST(TimeLeft, is_that_of_the_runs_that_are_left_one_after_the_other) {
  EXPECT_EQ(seconds_left({.trained = 2, .trained_seconds = 120, .still_to_start = 3}), 180);
}

TEST(TimeLeft, is_shared_by_the_jobs_from_the_first_run_on) {
  // Four at a time, the first one done, the others nearly so.
  const StudyPace pace = {.trained = 1,
                          .trained_seconds = 60,
                          .still_to_start = 16,
                          .running = {55, 55, 55},
                          .jobs = 4};
  EXPECT_DOUBLE_EQ(seconds_left(pace), (16 * 60 + 3 * 5) / 4.);
}

TEST(TimeLeft, is_that_of_a_whole_run_where_one_is_still_to_start) {
  EXPECT_EQ(
      seconds_left(
          {.trained = 1, .trained_seconds = 60, .still_to_start = 1, .running = {59}, .jobs = 8}),
      60);
}

TEST(TimeLeft, expects_a_run_that_takes_longer_to_end_at_once) {
  EXPECT_EQ(seconds_left({.trained = 1, .trained_seconds = 60, .running = {90, 45}, .jobs = 2}),
            15);
}

TEST(TimeLeft, is_said_in_words_while_something_is_left) {
  EXPECT_EQ(time_left_text({.trained = 2, .trained_seconds = 120, .still_to_start = 3}),
            "; about 3 min 0 s left");
  EXPECT_EQ(time_left_text({.trained = 1, .trained_seconds = 42, .running = {2}}),
            "; about 40 s left");
  EXPECT_EQ(time_left_text({.trained = 5, .trained_seconds = 120}), "");
}

}  // namespace
}  // namespace moestro
