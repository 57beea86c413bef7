#include "moestro/study/analysis.h"

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "study/analysis_fixture.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::plan_of;
using testing::row;
using testing::thrown;

TEST(StudyAnalysis, pairs_by_seed_and_leaves_out_seeds_that_one_arm_lacks) {
  const StudyPlan plan = plan_of({"base", "ours"}, 4);
  // Far apart between seeds, always .01 within: only pairing sees it.
  const Analysis analysis =
      analyse(plan, {row("base", 0, .1), row("base", 1, .3), row("base", 2, .2),
                     row("ours", 2, .19), row("ours", 1, .29), row("ours", 3, .7)});
  ASSERT_EQ(analysis.primary.size(), 1u);
  const PairedDifference& paired = analysis.primary[0].paired;
  EXPECT_EQ(paired.difference.count, 2);
  EXPECT_NEAR(paired.difference.mean, -.01, 1e-12);
  EXPECT_EQ(verdict(analysis.primary[0]), "lower");
  EXPECT_NEAR(analysis.arms[0].mean.mean, .2, 1e-12);
  EXPECT_EQ(analysis.finished, 6);
  EXPECT_EQ(analysis.planned, 8);
  EXPECT_TRUE(analysis.others.empty());
}

TEST(StudyAnalysis, adjusts_the_other_arms_for_their_number) {
  const StudyPlan plan = plan_of({"base", "ours", "c", "d"}, 3);
  std::vector<StudyRow> rows;
  const double noise[] = {.001, -.002, .0005};
  for (int64_t seed = 0; seed < 3; ++seed) {
    rows.push_back(row("base", seed, .2));
    rows.push_back(row("ours", seed, .1));
    rows.push_back(row("c", seed, .15 + noise[seed]));
    rows.push_back(row("d", seed, .2 + noise[seed]));
  }
  const Analysis analysis = analyse(plan, rows);
  ASSERT_EQ(analysis.others.size(), 2u);
  EXPECT_EQ(analysis.others[0].first, "c");
  EXPECT_EQ(analysis.others[0].second, "base");
  EXPECT_NEAR(analysis.others[0].holm_p, 2 * analysis.others[0].paired.p, 1e-12);
  EXPECT_EQ(verdict(analysis.others[1]), "within noise");
}

TEST(StudyAnalysis, what_only_one_of_many_arms_shows_is_noise_once_adjusted) {
  Comparison comparison{"ours", "base", paired_difference({.01, .02, .015, .012}), .04};
  EXPECT_EQ(verdict(comparison), "higher");
  comparison.holm_p = .06;
  EXPECT_EQ(verdict(comparison), "within noise once adjusted");
  comparison.paired = paired_difference({.01, -.02, .015, -.012});
  EXPECT_EQ(verdict(comparison), "within noise");
  comparison.paired = paired_difference({.01});
  EXPECT_EQ(verdict(comparison), "too few seeds");
}

TEST(StudyAnalysis, leaves_out_seeds_beyond_the_plan) {
  const StudyPlan plan = plan_of({"base", "ours"}, 1);
  const Analysis analysis =
      analyse(plan, {row("base", 0, .1), row("base", 1, .9), row("ours", 0, .2)});
  EXPECT_EQ(analysis.arms[0].mean.count, 1);
  EXPECT_NEAR(analysis.arms[0].mean.mean, .1, 1e-12);
  EXPECT_EQ(analysis.finished, 2);
}

TEST(StudyAnalysis, refuses_rows_of_another_study) {
  const StudyPlan plan = plan_of({"base", "ours"}, 1);
  EXPECT_EQ(thrown<UserError>([&] { analyse(plan, {row("alien", 0, .1)}); }),
            "results of an arm \"alien\", which toy does not have; expected those of this study");
  EXPECT_EQ(thrown<UserError>([&] {
              analyse(plan, {row("base", 0, .1), row("base", 0, .2)});
            }),
            "results of arm \"base\" with seed 0 twice; expected one row a run");
}

TEST(StudyAnalysis, refuses_rows_without_the_metric) {
  StudyPlan plan = plan_of({"base", "ours"}, 1);
  plan.study.metric = "valid.error";
  EXPECT_EQ(thrown<UserError>([&] { analyse(plan, {row("base", 0, .1)}); }),
            "no results have valid.error; expected rows with what toy compares");
}

TEST(StudyAnalysis, the_primary_pair_is_not_tested_again_in_either_order) {
  StudyPlan plan = plan_of({"base", "ours", "c"}, 2);
  plan.study.baseline = "ours";
  const Analysis analysis = analyse(plan, {row("base", 0, .1), row("ours", 0, .2)});
  ASSERT_EQ(analysis.others.size(), 1u);
  EXPECT_EQ(analysis.others[0].first, "c");
}

TEST(StudyAnalysis, an_arm_that_is_told_the_class_is_no_rival) {
  StudyPlan plan = plan_of({"base", "ours", "told"}, 1);
  plan.runs[2].arm = "told";
  plan.runs[2].told_class = true;
  const Analysis analysis = analyse(plan, {row("base", 0, .1), row("told", 0, 0)});
  EXPECT_TRUE(analysis.others.empty());
  EXPECT_TRUE(analysis.arms[2].told_class);
}

}  // namespace
}  // namespace moestro
