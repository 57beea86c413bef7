#include "moestro/core/error.h"

#include <gtest/gtest.h>

#include "thrown.h"

namespace moestro {
namespace {

using testing::thrown;

TEST(UserError, formats_its_arguments) {
  EXPECT_STREQ(UserError("{}: {} = {}; expected {}", "--set", "data.batch", 0, "more").what(),
               "--set: data.batch = 0; expected more");
}

TEST(UserError, takes_a_finished_message_as_it_is) {
  const std::string message = "50 % of {braces}";
  EXPECT_EQ(UserError(message).what(), message);
  EXPECT_STREQ(UserError("a {} b").what(), "a {} b");
}

TEST(SystemError, formats_its_arguments) {
  EXPECT_STREQ(SystemError("{}: no space left", "runs/a").what(), "runs/a: no space left");
}

TEST(Errors, of_different_kinds_are_not_caught_as_each_other) {
  EXPECT_FALSE((std::is_base_of_v<UserError, SystemError>));
  EXPECT_FALSE((std::is_base_of_v<SystemError, UserError>));
  EXPECT_FALSE((std::is_base_of_v<std::runtime_error, InternalError>));
  EXPECT_FALSE((std::is_base_of_v<UserError, Interrupted>));
}

TEST(Check, says_where_what_and_why) {
  const std::string message = thrown<InternalError>([] {
    const int experts = 3;
    MOESTRO_CHECK(experts == 4, "{} experts", experts);
  });
  EXPECT_NE(message.find("error_test.cpp:"), std::string::npos) << message;
  EXPECT_NE(message.find(": experts == 4: 3 experts"), std::string::npos) << message;
}

TEST(Check, needs_no_message) {
  const std::string message = thrown<InternalError>([] { MOESTRO_CHECK(1 > 2); });
  EXPECT_TRUE(message.ends_with(": 1 > 2")) << message;
}

TEST(Check, evaluates_its_condition_once) {
  int calls = 0;
  MOESTRO_CHECK(++calls == 1);
  EXPECT_EQ(calls, 1);
}

TEST(Check, stands_as_one_statement_in_an_if) {
  bool other = false;
  if (volatile bool never = false; never)
    MOESTRO_CHECK(false);
  else
    other = true;
  EXPECT_TRUE(other);
}

TEST(ExitCode, numbers_are_the_documented_ones) {
  EXPECT_EQ(kExitOk, 0);
  EXPECT_EQ(kExitSystem, 1);
  EXPECT_EQ(kExitUser, 2);
  EXPECT_EQ(kExitBug, 70);
  EXPECT_EQ(kExitInterrupted, 130);
}

}  // namespace
}  // namespace moestro
