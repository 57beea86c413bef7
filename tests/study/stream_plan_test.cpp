// Plans of studies of streams.
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/lifecycle/continual_recipe.h"
#include "moestro/study/plan.h"
#include "study/arm_recipe.h"
#include "study/stream_fixture.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::put;
using testing::thrown;

class StreamPlan : public ::testing::Test {
 protected:
  StreamPlan() { testing::put_stream(folder_.path(), folder_.path().string() + "/"); }

  std::filesystem::path file_of(const std::string& arms, const std::string& keys) {
    put(folder_ / "s.toml",
        "[study]\nrecipe = \"stream.toml\"\nseeds = 3\nprimary = [\"b\", \"a\"]\n" + keys +
            "[study.arms]\n" + arms);
    return folder_ / "s.toml";
  }
  StudyPlan plan(const std::string& arms, const std::string& keys = {},
                 const PlanOptions& options = {}) {
    return plan_study(file_of(arms, keys), folder_ / "out", options);
  }
  // The message without the file's name.
  std::string refusal(const std::string& arms, const std::string& keys = {},
                      const PlanOptions& options = {}) {
    const std::string file = file_of(arms, keys).string();
    const std::string message =
        thrown<UserError>([&] { plan_study(file, folder_ / "out", options); });
    return message.starts_with(file) ? message.substr(file.size()) : message;
  }

  testing::TemporaryFolder folder_;
};

const std::string kTwoArms = "a = [\"merge.every=0\", \"merge.first=\", \"merge.last=\"]\nb = []\n";
const std::string kOnValidation = "metric = \"valid.known.average\"\n";

TEST_F(StreamPlan, has_recipes_of_streams_paired_by_seed) {
  const StudyPlan made = plan(kTwoArms);
  EXPECT_EQ(made.kind, RecipeKind::stream);
  ASSERT_EQ(made.runs.size(), 6u);
  EXPECT_EQ(made.study.metric, "known.average");
  EXPECT_FALSE(made.study.lower_is_better);
  for (const PlannedRun& run : made.runs) {
    ContinualDocument document;
    document.schema.parse_text(run.recipe, "it");
    EXPECT_NO_THROW(check(document.recipe, document.schema));
    EXPECT_EQ(document.recipe.train.seed, run.seed);
    EXPECT_EQ(document.recipe.merge.every, run.arm == "a" ? 0 : 3);
  }
}

TEST_F(StreamPlan, may_have_its_stream_in_the_study_file) {
  put(folder_ / "s.toml",
      testing::get(folder_ / "stream.toml") + "[study]\n[study.arms]\na = []\n");
  EXPECT_EQ(plan_study(folder_ / "s.toml", folder_ / "out").kind, RecipeKind::stream);
}

TEST_F(StreamPlan, quick_look_is_short_and_merges_where_the_arm_does) {
  const StudyPlan made = plan(kTwoArms, {}, quick_plan());
  ASSERT_EQ(made.runs.size(), 4u);
  for (const PlannedRun& run : made.runs) {
    ContinualDocument document;
    document.schema.parse_text(run.recipe, "it");
    EXPECT_NO_THROW(check(document.recipe, document.schema));
    EXPECT_EQ(document.recipe.stream.steps, 6);
    EXPECT_EQ(document.recipe.stream.most_test, 50);
    EXPECT_EQ(merges_after(document.recipe.merge, 4), run.arm == "b");
  }
  // What quick makes alike is fine in a quick look only.
  const std::string steps = "a = [\"stream.steps=20\"]\nb = []\n";
  EXPECT_EQ(plan(steps, {}, quick_plan()).runs.size(), 4u);
  EXPECT_EQ(plan(kTwoArms, {}, {.assignments = {{"stream.steps=9"}}, .quick = true})
                .runs[0]
                .recipe.find("steps = 6\n"),
            std::string::npos);
}

TEST_F(StreamPlan, knows_which_arms_read_the_same_rows) {
  const auto keys = [&](const std::string& setting) {
    return plan("a = []\nb = [\"" + setting + "\"]\n").runs[1].data_keys;
  };
  const std::string unchanged = plan(kTwoArms).runs[0].data_keys;
  for (const char* same : {"stream.replay=0.5", "stream.steps=20", "stream.batch=4",
                           "stream.scale=10", "stream.label_smoothing=0"})
    EXPECT_EQ(keys(same), unchanged) << same;
  for (const char* other : {"stream.samples=4", "stream.most=20"})
    EXPECT_NE(keys(other), unchanged) << other;
}

TEST_F(StreamPlan, refuses_arms_that_are_measured_on_other_rows) {
  const std::string first = (folder_ / "first.toml").string(),
                    second = (folder_ / "second.toml").string();
  for (const std::string other :
       {"stream.most_test=5", "stream.longest=32", "stream.support=4", "stream.encoder=elsewhere"})
    EXPECT_EQ(refusal("a = []\nb = [\"" + other + "\"]\n"),
              ": arms \"b\" and \"a\" cannot be paired: they are measured on other rows; expected "
              "the same stream.encoder, tasks, most_test, longest, support and rows");
  EXPECT_NE(refusal("a = []\nb = ['stream.tasks=[\"" + second + "\", \"" + first + "\"]']\n")
                .find("cannot be paired"),
            std::string::npos);
  EXPECT_EQ(refusal("a = []\nb = [\"stream.rows=valid\"]\n"),
            ": arm \"b\": known.average is measured on test rows, but stream.rows = \"valid\"; "
            "expected valid.known.average");
  EXPECT_EQ(refusal("a = []\nb = [\"stream.rows=valid\"]\n",
                    "metric = \"seconds\"\nlower_is_better = true\ncolumns = [\"experts\"]\n")
                .find(": arms \"b\" and \"a\" cannot be paired"),
            0u);
  for (const std::string same : {"stream.samples=4", "stream.scale=10", "train.rate=0.1"})
    EXPECT_EQ(plan("a = []\nb = [\"" + same + "\"]\n").runs.size(), 6u) << same;
}

TEST_F(StreamPlan, chooses_settings_on_rows_that_are_held_out_only) {
  const PlanOptions valid = {.assignments = {{"stream.rows=valid"}}};
  for (const std::string& column : plan(kTwoArms, kOnValidation, valid).study.columns)
    EXPECT_FALSE(of_test_rows(column)) << column;
  EXPECT_EQ(refusal(kTwoArms, kOnValidation),
            ": arm \"a\": valid.known.average needs rows that are held out; expected stream.rows = "
            "\"valid\"");
  EXPECT_EQ(refusal(kTwoArms, kOnValidation + "columns = [\"known.last\"]\n", valid),
            ":6: study.columns: \"known.last\" is measured on test rows, but study.metric = "
            "\"valid.known.average\" chooses settings; expected numbers of validation rows");
  EXPECT_EQ(refusal(kTwoArms, "columns = [\"valid.known.last\"]\n"),
            ": arm \"a\": valid.known.last needs rows that are held out; expected stream.rows = "
            "\"valid\"");
}

TEST_F(StreamPlan, says_which_way_its_metric_is_good) {
  EXPECT_EQ(refusal(kTwoArms, "lower_is_better = true\n"),
            ":5: study.lower_is_better: less of known.average is worse; expected "
            "study.lower_is_better = false");
  EXPECT_EQ(refusal(kTwoArms, "metric = \"known.forgetting_from_best\"\n"),
            ":5: study.metric: less of known.forgetting_from_best is better; expected "
            "study.lower_is_better = true");
  for (const std::string fine :
       {"metric = \"known.forgetting_from_best\"\nlower_is_better = true\n",
        "metric = \"merges\"\n", "metric = \"merges\"\nlower_is_better = true\n"})
    EXPECT_EQ(plan(kTwoArms, fine).runs.size(), 6u) << fine;
}

TEST_F(StreamPlan, compares_numbers_of_streams_and_no_others) {
  EXPECT_TRUE(refusal(kTwoArms, "metric = \"test.error\"\n")
                  .starts_with(":5: study.metric = \"test.error\"; expected one of known.average"));
  EXPECT_TRUE(refusal(kTwoArms, "metric = \"known.avrage\"\n")
                  .ends_with("did you mean \"known.average\"?"));
  EXPECT_TRUE(
      refusal(kTwoArms, "columns = [\"split_agreement\"]\n").starts_with(":5: study.columns"));
}

TEST_F(StreamPlan, one_task_transfers_nothing) {
  const std::string arms = "a = []\nb = [\"train.rate=0.1\"]\n";
  const PlanOptions one = {
      .assignments = {{"stream.tasks=[\"" + (folder_ / "first.toml").string() + "\"]"}}};
  EXPECT_EQ(refusal(arms, "metric = \"chosen.backward_transfer\"\n", one),
            ":4: study.primary: arm \"a\" has one task and no chosen.backward_transfer; expected "
            "two at least");
  EXPECT_EQ(plan(arms, "metric = \"chosen.last\"\n", one).runs.size(), 6u);
  EXPECT_EQ(plan(arms, "metric = \"merges\"\n", one).runs.size(), 6u);
}

TEST_F(StreamPlan, arms_start_from_no_run) {
  EXPECT_EQ(refusal("a = []\nb = [\"stream.reference={a}/texts\"]\n"),
            ": arm \"b\" names the run of \"a\" in braces, but no stream starts from another; "
            "expected assignments without braces");
  EXPECT_TRUE(refusal("a = []\nb = [\"start.run=runs/x\"]\n")
                  .starts_with(": arm \"b\": unknown key \"start.run\""));
}

TEST_F(StreamPlan, knows_that_an_encoder_may_be_a_run) {
  const std::filesystem::path run = folder_ / "vit";
  std::filesystem::create_directory(run);
  put(run / "recipe.toml", "");
  put(run / "manifest.json", "{}");
  const PlanOptions other = {.assignments = {{"stream.encoder=" + run.string()}}};
  EXPECT_EQ(plan(kTwoArms, {}, other).runs[0].elsewhere, std::vector{run});
  EXPECT_TRUE(plan(kTwoArms).runs[0].elsewhere.empty());
}

TEST_F(StreamPlan, names_the_arm_whose_recipe_is_wrong) {
  EXPECT_TRUE(refusal("a = []\nb = [\"merge.every=11\"]\n")
                  .starts_with(": arm \"b\": merge.every = 11; expected at most 10"));
  EXPECT_TRUE(refusal("a = []\nb = [\"train.seed=3\"]\n")
                  .starts_with(": arm \"b\" cannot be paired: it sets train.seed"));
  EXPECT_EQ(refusal("a = []\nb = [\"train.epochs=3\"]\n").find(": arm \"b\": unknown key"), 0u);
  EXPECT_EQ(refusal("a = []\nb = []\n"),
            ": arm \"b\" changes nothing beside \"a\"; expected another recipe");
}

}  // namespace
}  // namespace moestro
