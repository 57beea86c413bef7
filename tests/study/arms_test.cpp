#include "study/arms.h"

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "thrown.h"

namespace moestro {
namespace {

using Names = std::vector<std::string>;

std::string refusal(const NamedLists& arms) {
  return testing::thrown<UserError>([&] { Arms(arms, "s.toml"); });
}

TEST(Arms, stand_behind_those_they_need) {
  const Arms arms(
      {{"c", {"start.run={b}", "loss.similarity_run={a}"}}, {"b", {"x={a}"}}, {"a", {}}}, "s.toml");
  EXPECT_EQ(arms.names(), (Names{"c", "b", "a"}));
  EXPECT_EQ(arms.in_order(), (Names{"a", "b", "c"}));
  EXPECT_EQ(arms.needs("c"), (Names{"b", "a"}));
  EXPECT_EQ(arms.needs("a"), Names{});
}

TEST(Arms, fill_braces_with_folders_which_may_have_braces_of_their_own) {
  const Arms arms({{"a", {}}, {"b", {"x={a}/{a}", "y=1"}}}, "s.toml");
  EXPECT_EQ(arms.assignments("b", [](const std::string& arm) { return "{out}/" + arm; }),
            (Names{"x={out}/a/{out}/a", "y=1"}));
}

TEST(Arms, give_their_runs_names_without_what_is_awkward_in_a_path) {
  EXPECT_EQ(run_name("new experts, pairs' gate 1", 3), "new-experts-pairs-gate-1-3");
  EXPECT_EQ(run_name("/../x.", 0), "..-x-0");
}

TEST(Arms, refuse_none_and_names_that_are_too_alike) {
  EXPECT_EQ(refusal({}), "s.toml: no arms; expected [study.arms] with name = [assignments]");
  EXPECT_EQ(refusal({{"?", {}}}), "s.toml: arm \"?\"; expected a name with a letter or digit");
  EXPECT_EQ(refusal({{"a b", {}}, {"a-b", {}}}),
            "s.toml: arms \"a b\" and \"a-b\" would share the folder a-b; expected names that "
            "differ in letters or digits");
}

TEST(Arms, refuse_to_need_each_other_or_nobody) {
  EXPECT_EQ(refusal({{"a", {"x={b}"}}, {"b", {"x={a}"}}}),
            "s.toml: arms need each other in a circle: a -> b -> a");
  EXPECT_EQ(refusal({{"a", {}}, {"b", {"x={c}"}}}),
            "s.toml: arm \"b\": no arm \"c\" for \"x={c}\"; expected one of \"a\", \"b\"; did you "
            "mean \"a\"?");
  EXPECT_EQ(refusal({{"a", {}}, {"b", {"x={a"}}}),
            "s.toml: arm \"b\": \"x={a\" has no closing brace; expected {ARM}");
}

}  // namespace
}  // namespace moestro
