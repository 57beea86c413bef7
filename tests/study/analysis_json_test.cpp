#include "moestro/study/analysis_json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "study/analysis_fixture.h"

namespace moestro {
namespace {

using testing::plan_of;
using testing::row;

nlohmann::json two_arms() {
  StudyPlan plan = plan_of({"base", "ours", "c"}, 3);
  plan.study.columns = {"epochs", "split_agreement"};
  plan.study.first_seed = 4;
  std::vector<StudyRow> rows = {row("base", 4, .3), row("base", 5, .1), row("ours", 4, .2),
                                row("ours", 5, .1)};
  rows[0].set_figure("split_agreement", .5);
  rows[1].set_figure("split_agreement", .5);
  return to_json(analyse(plan, rows));
}

TEST(AnalysisJson, has_means_with_their_standard_errors) {
  const nlohmann::json json = two_arms(), base = json["arms"][0];
  EXPECT_EQ(json["study"], "toy");
  EXPECT_EQ(json["first_seed"], 4);
  EXPECT_EQ(json["planned"], 9);
  EXPECT_EQ(json["finished"], 4);
  EXPECT_EQ(base["arm"], "base");
  EXPECT_NEAR(base["test.error"]["mean"].get<double>(), .2, 1e-12);
  EXPECT_NEAR(base["test.error"]["standard_error"].get<double>(), .1, 1e-12);
  EXPECT_EQ(base["test.error"]["by_seed"], nlohmann::json::parse("[0.3, 0.1, null]"));
  EXPECT_EQ(base["epochs"]["mean"], 3);
}

TEST(AnalysisJson, has_no_standard_error_of_what_pairs_share) {
  const nlohmann::json agreement = two_arms()["arms"][0]["split_agreement"];
  EXPECT_EQ(agreement, (nlohmann::json{{"seeds", 2}, {"mean", .5}}));
}

TEST(AnalysisJson, has_comparisons_and_null_for_what_cannot_be_said) {
  const nlohmann::json json = two_arms(), primary = json["primary"], other = json["others"][0];
  EXPECT_EQ(primary["first"], "ours");
  EXPECT_EQ(primary["seeds"], 2);
  EXPECT_NEAR(primary["difference"].get<double>(), -.05, 1e-12);
  EXPECT_LT(primary["interval"][0], primary["interval"][1]);
  EXPECT_EQ(primary["verdict"], "within noise");
  EXPECT_TRUE(primary["p_holm"].is_null());
  EXPECT_TRUE(primary["p_signed_ranks"].is_null());
  EXPECT_EQ(other["second"], "base");
  EXPECT_TRUE(other["difference"].is_null());
  EXPECT_EQ(other["verdict"], "too few seeds");
}

TEST(AnalysisJson, of_a_lone_arm_has_no_primary_comparison) {
  StudyPlan plan = plan_of({"base", "ours"}, 1);
  plan.study.arms.pop_back();
  plan.study.primary.clear();
  plan.study.baseline.clear();
  const nlohmann::json json = to_json(analyse(plan, {row("base", 0, .1)}));
  EXPECT_TRUE(json["primary"].is_null());
  EXPECT_EQ(json["others"], nlohmann::json::array());
}

}  // namespace
}  // namespace moestro
