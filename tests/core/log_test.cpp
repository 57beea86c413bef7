#include "moestro/core/log.h"

#include <gtest/gtest.h>

#include "core/stderr_capture.h"

namespace moestro {
namespace {

using testing::ScopedVariable;
using testing::StderrCapture;

class Log : public ::testing::Test {
 protected:
  void TearDown() override { set_log_level(before_); }

  static void everything() {
    log_info("{} rows", 3);
    log_verbose("kernel: {}", "loop");
    log_warning("the gate saturates: {}", .5);
    log_error_line("no such file");
  }

  LogLevel before_ = log_level();
};

TEST_F(Log, says_information_and_faults_by_default) {
  EXPECT_EQ(log_level(), LogLevel::info);
  StderrCapture capture;
  everything();
  EXPECT_EQ(capture.text(), "3 rows\nwarning: the gate saturates: 0.5\nerror: no such file\n");
}

TEST_F(Log, says_faults_only_when_quiet) {
  set_log_level(LogLevel::quiet);
  StderrCapture capture;
  everything();
  EXPECT_EQ(capture.text(), "warning: the gate saturates: 0.5\nerror: no such file\n");
}

TEST_F(Log, says_all_when_verbose) {
  set_log_level(LogLevel::verbose);
  StderrCapture capture;
  everything();
  EXPECT_EQ(capture.text(),
            "3 rows\nkernel: loop\nwarning: the gate saturates: 0.5\nerror: no such file\n");
}

TEST_F(Log, takes_a_finished_line_with_braces) {
  StderrCapture capture;
  log_line(LogLevel::info, "{\"a\": 1}");
  EXPECT_EQ(capture.text(), "{\"a\": 1}\n");
}

TEST_F(Log, writes_nothing_to_stdout) {
  ::testing::internal::CaptureStdout();
  {
    StderrCapture capture;
    everything();
  }
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
}

TEST_F(Log, wipes_a_bar_and_colours_the_tags_on_a_terminal) {
  const ScopedVariable kind("TERM", "xterm"), plain("NO_COLOR", nullptr);
  StderrCapture capture(80);
  EXPECT_TRUE(stderr_is_terminal());
  everything();
  EXPECT_EQ(capture.text(),
            "\r\033[K3 rows\n"
            "\r\033[K\033[33mwarning: \033[0mthe gate saturates: 0.5\n"
            "\r\033[K\033[31merror: \033[0mno such file\n");
}

TEST_F(Log, leaves_colour_away_where_no_color_is_set) {
  const ScopedVariable kind("TERM", "xterm"), plain("NO_COLOR", "1");
  StderrCapture capture(80);
  log_error_line("no such file");
  EXPECT_EQ(capture.text(), "\r\033[Kerror: no such file\n");
}

TEST_F(Log, is_plain_on_a_terminal_without_control_sequences) {
  const ScopedVariable kind("TERM", "dumb");
  StderrCapture capture(80);
  EXPECT_FALSE(stderr_is_terminal());
  log_error_line("no such file");
  EXPECT_EQ(capture.text(), "error: no such file\n");
}

}  // namespace
}  // namespace moestro
