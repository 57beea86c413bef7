#include "moestro/core/interrupt.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace moestro {
namespace {

// Runs the action in a child that would otherwise exit with 7; returns how it ended.
template <typename Action>
int status_of_child(Action action) {
  pid_t child = fork();
  if (child == 0) {
    action();
    _exit(7);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

TEST(Interrupt, is_requested_by_sigint_and_by_sigterm) {
  for (int signal : {SIGINT, SIGTERM}) {
    InterruptHandlers handlers;
    EXPECT_FALSE(interrupt_requested());
    std::raise(signal);
    EXPECT_TRUE(interrupt_requested());
  }
}

TEST(Interrupt, a_second_time_ends_the_program) {
  for (int signal : {SIGINT, SIGTERM}) {
    int status = status_of_child([&] {
      InterruptHandlers handlers;
      std::raise(signal);
      std::raise(signal);
    });
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), signal);
  }
}

TEST(Interrupt, sigterm_after_sigint_still_saves) {
  int status = status_of_child([] {
    InterruptHandlers handlers;
    std::raise(SIGINT);
    std::raise(SIGTERM);
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST(Interrupt, handlers_from_before_come_back) {
  auto before = std::signal(SIGINT, SIG_IGN);
  { InterruptHandlers handlers; }
  EXPECT_EQ(std::signal(SIGINT, before), SIG_IGN);
}

}  // namespace
}  // namespace moestro
