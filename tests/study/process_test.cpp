#include "study/process.h"

#include <chrono>
#include <csignal>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "moestro/core/error.h"
#include "moestro/store/atomic_file.h"
#include "store/temporary_folder.h"

namespace moestro {
namespace {

class ProcessTest : public ::testing::Test {
 protected:
  Process shell(const std::string& script, const std::vector<std::string>& environment = {}) const {
    return {{"/bin/sh", "-c", script}, environment, log_};
  }
  static int wait_for(Process& process) {
    for (;;) {
      if (const auto code = process.exit_code()) return *code;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

  testing::TemporaryFolder folder_;
  std::filesystem::path log_ = folder_ / "log";
};

TEST_F(ProcessTest, tells_how_it_ended) {
  Process seven = shell("exit 7"), killed = shell("kill -KILL $$");
  EXPECT_EQ(wait_for(seven), 7);
  EXPECT_EQ(wait_for(seven), 7);
  EXPECT_EQ(wait_for(killed), 128 + SIGKILL);
}

TEST_F(ProcessTest, appends_its_errors_to_the_log_and_drops_its_output) {
  for (const char* text : {"one", "two"}) {
    Process process = shell(std::string("echo dropped; echo ") + text + " >&2");
    wait_for(process);
  }
  EXPECT_EQ(read_file(log_), "one\ntwo\n");
}

TEST_F(ProcessTest, has_this_programs_environment_and_what_is_given_over_it) {
  setenv("MOESTRO_TEST_KEPT", "kept", 1);
  setenv("MOESTRO_TEST_HIDDEN", "old", 1);
  Process process =
      shell("echo $MOESTRO_TEST_KEPT $MOESTRO_TEST_HIDDEN >&2", {"MOESTRO_TEST_HIDDEN=new"});
  wait_for(process);
  EXPECT_EQ(read_file(log_), "kept new\n");
}

TEST_F(ProcessTest, has_a_group_of_its_own_so_that_a_terminals_signal_comes_once) {
  Process process = shell("cut -d ' ' -f 5 /proc/$$/stat >&2; echo $$ >&2");
  wait_for(process);
  const std::string log = read_file(log_);
  const std::string group = log.substr(0, log.find('\n'));
  EXPECT_EQ(log, group + "\n" + group + "\n");
}

TEST_F(ProcessTest, can_be_asked_to_stop) {
  Process process = shell("trap 'exit 5' TERM; echo ready >&2; while :; do sleep .01; done");
  while (!std::filesystem::exists(log_) || read_file(log_).empty())
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  EXPECT_FALSE(process.exit_code());
  process.interrupt();
  EXPECT_EQ(wait_for(process), 5);
}

TEST_F(ProcessTest, is_stopped_and_waited_for_when_nobody_wants_it_any_more) {
  {
    Process process = shell(
        "trap 'sleep .05; echo saved >&2; exit 130' TERM; echo ready >&2; while :; do sleep .01; "
        "done");
    while (!std::filesystem::exists(log_) || read_file(log_).empty())
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  EXPECT_EQ(read_file(log_), "ready\nsaved\n");
}

TEST_F(ProcessTest, whose_child_someone_else_waited_for_ends_without_an_error) {
  Process process = shell("exit 0");
  siginfo_t info = {};
  waitid(P_ALL, 0, &info, WEXITED);
  EXPECT_THROW(process.exit_code(), SystemError);
}

TEST_F(ProcessTest, a_program_that_cannot_be_run_ends_with_127) {
  Process process({(folder_ / "none").string()}, {}, log_);
  EXPECT_EQ(wait_for(process), 127);
}

}  // namespace
}  // namespace moestro
