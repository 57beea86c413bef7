#include "moestro/core/progress.h"

#include <thread>

#include <gtest/gtest.h>

#include "core/stderr_capture.h"
#include "moestro/core/log.h"

namespace moestro {
namespace {

using std::chrono::milliseconds;
using testing::ScopedVariable;
using testing::StderrCapture;

void wait(int duration) {
  std::this_thread::sleep_for(milliseconds(duration));
}

TEST(DurationText, shows_the_two_largest_units) {
  EXPECT_EQ(duration_text(0), "0 s");
  EXPECT_EQ(duration_text(.4), "0 s");
  EXPECT_EQ(duration_text(42), "42 s");
  EXPECT_EQ(duration_text(59.4), "59 s");
  EXPECT_EQ(duration_text(59.6), "1 min 0 s");
  EXPECT_EQ(duration_text(190), "3 min 10 s");
  EXPECT_EQ(duration_text(3599.6), "1 h 0 min");
  EXPECT_EQ(duration_text(7500), "2 h 5 min");
  EXPECT_EQ(duration_text(90 * 3600), "90 h 0 min");
}

TEST(DurationText, of_less_than_nothing_is_nothing) {
  EXPECT_EQ(duration_text(-5), "0 s");
}

TEST(PlainProgress, is_one_line_a_report_with_rate_and_time_left) {
  StderrCapture capture;
  Progress progress("epoch 1/2", 1000, "steps", milliseconds(0));
  progress.advance(1);
  EXPECT_EQ(capture.text(), "epoch 1/2, 1/1000 steps\n");
  wait(20);
  progress.advance(3, "loss .31");
  const std::string line = capture.text();
  EXPECT_TRUE(line.starts_with("epoch 1/2, 3/1000 steps, ")) << line;
  EXPECT_NE(line.find(" steps/s, "), std::string::npos) << line;
  EXPECT_TRUE(line.ends_with(" s left, loss .31\n")) << line;
  progress.label("epoch 2/2");
  progress.advance(3);
  EXPECT_TRUE(capture.text().starts_with("epoch 2/2, 3/1000 steps, "));
}

TEST(PlainProgress, waits_for_its_interval) {
  StderrCapture capture;
  {
    Progress progress("epoch 1/2", 1000, "steps");
    for (int step = 1; step <= 1000; ++step) progress.advance(step);
  }
  EXPECT_EQ(capture.text(), "");
}

TEST(PlainProgress, counts_a_resumed_run_from_where_it_began) {
  StderrCapture capture;
  Progress progress("epoch 9/10", 1000, "steps", milliseconds(0));
  progress.advance(900);
  EXPECT_EQ(capture.text(), "epoch 9/10, 900/1000 steps\n");
  wait(100);
  progress.advance(901);  // at most 10 steps/s, and at least 9.9 s for the other 99
  const std::string line = capture.text();
  double rate = 0;
  ASSERT_EQ(std::sscanf(line.c_str(), "epoch 9/10, 901/1000 steps, %lf steps/s", &rate), 1) << line;
  EXPECT_LE(rate, 10) << line;
}

TEST(Progress, is_silent_when_the_log_is_quiet) {
  const LogLevel before = log_level();
  set_log_level(LogLevel::quiet);
  {
    StderrCapture capture;
    Progress progress("merge", 10, "layers", milliseconds(0));
    progress.advance(1);
    EXPECT_EQ(capture.text(), "");
  }
  set_log_level(before);
}

class TerminalProgress : public ::testing::Test {
 protected:
  // The second report of a bar of 100 units, after half of them.
  static std::string drawn(unsigned short columns, const std::string& detail = {}) {
    StderrCapture capture(columns);
    Progress progress("épreuve", 100, "steps");
    progress.advance(0);
    wait(110);
    progress.advance(50, detail);
    return capture.text();
  }

  static int64_t columns_of(const std::string& line) {
    int64_t columns = 0;
    for (const char c : line.substr(4)) columns += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    return columns;
  }

  const ScopedVariable kind_{"TERM", "xterm"};
};

TEST_F(TerminalProgress, draws_over_itself_and_wipes_the_bar_at_the_end) {
  StderrCapture capture(100);
  {
    Progress progress("epoch 1/2", 100, "steps");
    progress.advance(0);
    wait(110);
    progress.advance(50);
    const std::string line = capture.text();
    EXPECT_TRUE(line.starts_with("\r\033[K━━━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌ epoch 1/2, 50/100 steps, "))
        << line;
    EXPECT_EQ(line.find('\n'), std::string::npos);
    progress.advance(51);
    EXPECT_EQ(capture.text(), "") << "drawn again within 100 ms";
  }
  EXPECT_EQ(capture.text(), "\r\033[K");
}

TEST_F(TerminalProgress, writes_nothing_for_work_that_is_done_at_once) {
  StderrCapture capture(100);
  { Progress("merge", 2, "layers").advance(2); }
  EXPECT_EQ(capture.text(), "");
}

TEST_F(TerminalProgress, gives_the_bar_less_room_before_the_words) {
  const std::string line = drawn(60);
  EXPECT_TRUE(line.starts_with("\r\033[K━")) << line;
  EXPECT_EQ(columns_of(line), 59) << line;
  EXPECT_NE(line.find(" left"), std::string::npos) << line;
}

TEST_F(TerminalProgress, never_wraps_a_line) {
  const std::string line = drawn(30, "loss .31, a very long detail");
  EXPECT_TRUE(line.starts_with("\r\033[Képreuve, 50/100 steps, ")) << line;
  EXPECT_EQ(columns_of(line), 29) << line;
}

}  // namespace
}  // namespace moestro
