#include "moestro/report/split_stability.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "report/page_parts.h"
#include "report/well_formed.h"

namespace moestro {
namespace {

using testing::has;

// A run whose 60 rows belong to the experts in turn.
RunRecord run(const std::string& name, int64_t experts = 3, const std::string& digest = "r") {
  RunRecord run;
  run.name = name;
  run.summary.emplace().data = "set " + digest;
  run.owners = {at::arange(60, at::kLong).remainder(experts), experts, digest};
  return run;
}

TEST(SplitStability, is_one_whatever_the_experts_are_called) {
  RunRecord other = run("b");
  other.owners->expert_N = (other.owners->expert_N + 1).remainder(3);
  const std::string html = split_stability({run("a"), other});
  EXPECT_EQ(testing::xml_fault(html), "");
  EXPECT_TRUE(has(html, "<title>a and b: 1.000</title>"));
  EXPECT_TRUE(has(html, "splits of the 60 test rows"));
  EXPECT_TRUE(has(html, "Mean of the pairs: 1.00."));
}

TEST(SplitStability, is_shown_for_mixtures_of_other_numbers_of_experts_too) {
  EXPECT_TRUE(has(split_stability({run("a", 3), run("b", 6)}), "a and b: 0."));
}

TEST(SplitStability, is_nothing_without_two_mixtures_on_the_same_rows) {
  RunRecord old;
  old.name = "old";
  RunRecord fewer = run("fewer");
  fewer.owners->expert_N = fewer.owners->expert_N.narrow(0, 0, 30);
  EXPECT_EQ(split_stability({}), "");
  EXPECT_EQ(split_stability({run("a"), run("b", 3, "s"), run("one", 1), old, fewer}), "");
}

TEST(SplitStability, of_several_sets_names_them) {
  const std::string html =
      split_stability({run("a"), run("b", 3, "s"), run("c"), run("d", 3, "s"), run("e", 3, "t")});
  EXPECT_TRUE(has(html, "Do the runs split alike? (set r)"));
  EXPECT_TRUE(has(html, "Do the runs split alike? (set s)"));
  EXPECT_FALSE(has(html, "set t"));
  EXPECT_TRUE(has(html, "b and d: 1.000"));
  EXPECT_FALSE(has(html, "a and b"));
}

TEST(SplitStability, compares_the_first_of_many_runs) {
  std::vector<RunRecord> runs;
  for (int i = 0; i < 27; ++i) runs.push_back(run(fmt::format("run-{:02}", i)));
  const std::string html = split_stability(runs);
  EXPECT_TRUE(has(html, "run-00 and run-23: 1.000"));
  EXPECT_FALSE(has(html, "run-00 and run-24"));
  EXPECT_TRUE(has(html, "Three more runs on these rows are left out."));
}

}  // namespace
}  // namespace moestro
