#include "moestro/study/results.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/lifecycle/owners.h"
#include "moestro/study/analysis.h"
#include "store/temporary_folder.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::put;
using testing::TemporaryFolder;
using testing::thrown;

StudyRow row(const std::string& arm, int64_t seed, double error) {
  return {arm,          seed,   {{"epochs", 3}, {"test.error", error}}, "cpu (\"x\", 2 threads)",
          "2026-01-02", "0.1.0"};
}

StudyPlan plan_of(const std::vector<std::string>& arms, int64_t seeds) {
  StudyPlan plan;
  plan.name = "toy";
  plan.study.seeds = seeds;
  plan.study.columns = {"epochs"};
  for (const std::string& arm : arms) plan.study.arms.emplace_back(arm, std::vector<std::string>());
  plan.study.primary = {arms[1], arms[0]};
  plan.study.baseline = arms[0];
  plan.runs.resize(arms.size() * static_cast<size_t>(seeds));
  return plan;
}

TEST(StudyResults, come_back_from_a_file_as_they_were) {
  const TemporaryFolder folder;
  std::vector<StudyRow> rows = {row("one, \"two\"", 0, .1), row("b", 1, 1. / 3)};
  rows[1].figures.emplace_back("hard_top1_error", .25);
  write_rows(folder / "r.csv", rows);
  const std::vector<StudyRow> read = read_rows(folder / "r.csv");
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].arm, rows[0].arm);
  EXPECT_EQ(read[0].device, rows[0].device);
  EXPECT_EQ(read[1].figure("test.error"), 1. / 3);
  EXPECT_TRUE(std::isnan(read[0].figure("hard_top1_error")));
  EXPECT_EQ(read[1].figure("hard_top1_error"), .25);
}

TEST(StudyResults, refuse_other_files) {
  const TemporaryFolder folder;
  put(folder / "a.csv", "x,y\n1,2\n");
  EXPECT_NE(thrown<UserError>([&] { read_rows(folder / "a.csv"); }).find("not the results"),
            std::string::npos);
  put(folder / "b.csv", "arm,seed,e,device,date,version\na,0,oops,d,d,v\n");
  EXPECT_NE(thrown<UserError>([&] {
              read_rows(folder / "b.csv");
            }).find("b.csv:2: column \"e\": \"oops\"; expected a number"),
            std::string::npos);
  put(folder / "d.csv", "arm,seed,e,device,date,version\na,1.5,1,d,d,v\n");
  EXPECT_NE(thrown<UserError>([&] {
              read_rows(folder / "d.csv");
            }).find("\"1.5\"; expected a whole number"),
            std::string::npos);
  put(folder / "c.csv", "arm,seed,e,device,date,version\na,0\n");
  EXPECT_NE(thrown<UserError>([&] { read_rows(folder / "c.csv"); }).find("c.csv:2: "),
            std::string::npos);
}

TEST(StudyResults, say_how_far_the_seeds_of_an_arm_split_alike) {
  const TemporaryFolder folder;
  const auto inspected = [&](int64_t seed, const Tensor& expert_N, const std::string& digest) {
    StudyRow made = row("a", seed, .1);
    made.run = folder / std::to_string(seed);
    std::filesystem::create_directory(made.run);
    write_owners(made.run / "owners.safetensors", {expert_N, 2, digest}, "test");
    return made;
  };
  const Tensor split = at::tensor({0, 0, 1, 1}, at::kLong);
  std::vector<StudyRow> rows = {
      inspected(0, split, "d"), inspected(1, 1 - split, "d"), row("a", 2, .1),
      inspected(3, at::tensor({0, 0, 0, 0}, at::kLong), "d"), inspected(4, split, "other rows")};
  compare_splits({&rows[0], &rows[1], &rows[2], &rows[3], &rows[4]});
  EXPECT_NEAR(rows[0].figure("split_agreement"), .5, 1e-12);  // 1 with seed 1, 0 with seed 3
  EXPECT_NEAR(rows[1].figure("split_agreement"), .5, 1e-12);
  EXPECT_TRUE(std::isnan(rows[2].figure("split_agreement")));
  EXPECT_NEAR(rows[3].figure("split_agreement"), 0, 1e-12);
  EXPECT_TRUE(std::isnan(rows[4].figure("split_agreement")));
}

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
  EXPECT_EQ(verdict(paired), "lower");
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
  EXPECT_EQ(verdict(analysis.others[1].paired), "within noise");
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
