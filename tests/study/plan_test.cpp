#include "moestro/study/plan.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "store/temporary_folder.h"
#include "study/arm_recipe.h"
#include "test_paths.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::put;
using testing::TemporaryFolder;
using testing::thrown;

constexpr const char* kRecipe = R"(
[data]
name = "mnist"
[expert]
layers = ["linear 8", "relu", "linear classes"]
[gate]
layers = ["linear 8", "relu", "linear experts"]
)";

class PlanTest : public ::testing::Test {
 protected:
  std::filesystem::path file_of(const std::string& study) {
    put(folder_ / "s.toml", kRecipe + study);
    return folder_ / "s.toml";
  }
  StudyPlan plan(const std::string& study, const PlanOptions& options = {}) {
    return plan_study(file_of(study), folder_ / "out", options);
  }
  // The message without the file's name.
  std::string refusal(const std::string& study, const PlanOptions& options = {}) {
    const std::string file = file_of(study).string(),
                      message =
                          thrown<UserError>([&] { plan_study(file, folder_ / "out", options); });
    return message.starts_with(file) ? message.substr(file.size()) : message;
  }

  TemporaryFolder folder_;
};

constexpr const char* kTwoArms = R"(
[study]
seeds = 3
primary = ["wide", "plain"]
[study.arms]
plain = []
wide = ["expert.count=8"]
)";

TEST_F(PlanTest, has_a_run_for_every_arm_and_seed) {
  const StudyPlan made = plan(kTwoArms);
  ASSERT_EQ(made.runs.size(), 6u);
  EXPECT_EQ(made.name, "s");
  EXPECT_EQ(made.study.baseline, "plain");
  EXPECT_EQ(made.runs[1].arm, "wide");
  EXPECT_EQ(made.runs[4].seed, 2);
  EXPECT_EQ(made.runs[5].folder, folder_ / "out" / "runs" / "wide-2");
  EXPECT_NE(made.runs[5].recipe.find("count = 8"), std::string::npos);
  EXPECT_NE(made.runs[5].recipe.find("seed = 2"), std::string::npos);
  EXPECT_EQ(made.runs[5].recipe.find("[study]"), std::string::npos);
}

TEST_F(PlanTest, keeps_the_order_of_the_file) {
  const StudyPlan made = plan(R"(
[study]
seeds = 1
primary = ["b", "c"]
[study.arms]
c = []
a = ["expert.count=2"]
b = ["expert.count=3"]
)");
  EXPECT_EQ(made.runs[0].arm + made.runs[1].arm + made.runs[2].arm, "cab");
}

TEST_F(PlanTest, an_arm_that_needs_another_comes_after_it_and_gets_its_folder) {
  const StudyPlan made = plan(R"(
[study]
seeds = 2
first_seed = 5
primary = ["distilled", "teacher"]
[study.arms]
distilled = ["start.run={teacher}", "start.experts=freeze"]
teacher = []
)");
  EXPECT_EQ(made.runs[0].arm, "teacher");
  EXPECT_EQ(made.runs[1].needs, std::vector<size_t>{0});
  EXPECT_EQ(made.runs[3].needs, std::vector<size_t>{2});
  EXPECT_NE(made.runs[3].recipe.find((folder_ / "out" / "runs" / "teacher-6").string()),
            std::string::npos);
}

TEST_F(PlanTest, options_change_every_arm_and_the_number_of_seeds) {
  const StudyPlan made = plan(kTwoArms, quick_plan());
  EXPECT_EQ(made.runs.size(), 4u);
  for (const PlannedRun& run : made.runs)
    EXPECT_NE(run.recipe.find("epochs = 1"), std::string::npos);
}

TEST_F(PlanTest, refuses_an_arm_that_changes_nothing) {
  EXPECT_EQ(refusal("[study]\nprimary = [\"a\", \"b\"]\n[study.arms]\na = []\n"
                    "b = [\"expert.count=5\"]\n"),
            ": arm \"b\" changes nothing beside \"a\"; expected another recipe");
}

TEST_F(PlanTest, refuses_a_comparison_that_names_no_arm) {
  const std::string arms = "[study.arms]\nplain = []\nwide = [\"expert.count=8\"]\n";
  EXPECT_EQ(refusal("[study]\nprimary = [\"wide\", \"plian\"]\n" + arms),
            ":9: study.primary: no arm \"plian\"; expected one of \"plain\", \"wide\"; did you "
            "mean \"plain\"?");
  EXPECT_EQ(refusal("[study]\nbaseline = \"x\"\nprimary = [\"wide\", \"plain\"]\n" + arms),
            ":9: study.baseline: no arm \"x\"; expected one of \"plain\", \"wide\"");
  EXPECT_EQ(refusal(arms),
            ": study.primary names 0 arms; expected two different ones, the first to be compared "
            "with the "
            "second");
}

TEST_F(PlanTest, refuses_arms_that_cannot_be_paired) {
  const std::string study = "[study]\nprimary = [\"a\", \"b\"]\n[study.arms]\na = []\n";
  EXPECT_EQ(
      refusal(study + "b = [\"data.name=fashion-mnist\"]\n"),
      ": arms \"b\" and \"a\" cannot be paired: they are measured on other rows; expected the "
      "same [data] but for batch, rows, balanced, label_noise, augment, mean and deviation");
  EXPECT_NE(refusal(study + "b = ['data.classes=[\"0-5\"]']\n").find("measured on other rows"),
            std::string::npos);
  EXPECT_EQ(refusal(study + "b = [\"train.seed=3\"]\n"),
            ": arm \"b\" cannot be paired: it sets train.seed; expected the study's seeds for all "
            "arms");
  EXPECT_EQ(plan(study + "b = [\"data.rows=100\", \"data.validation=0.2\"]\n").runs.size(), 10u);
  EXPECT_EQ(plan(study + "b = [\"data.label_noise=0.2\"]\n").runs.size(), 10u);
}

TEST_F(PlanTest, a_metric_on_validation_rows_needs_the_same_ones) {
  const std::string study =
      "[study]\nmetric = \"valid.error\"\nprimary = [\"a\", \"b\"]\n[study.arms]\na = []\n";
  EXPECT_NE(refusal(study + "b = [\"data.validation=0.2\"]\n").find("cannot be paired"),
            std::string::npos);
  EXPECT_EQ(
      refusal(study + "b = [\"expert.count=2\"]\n", {.assignments = {{"data.validation=0.0"}}}),
      ": arm \"a\": valid.error needs rows that are held out; expected data.validation above "
      "0");
}

TEST_F(PlanTest, who_chooses_settings_sees_nothing_of_the_test_rows) {
  const std::string study = "[study]\nmetric = \"valid.error\"\nprimary = [\"a\", \"b\"]\n";
  const std::string arms = "[study.arms]\na = []\nb = [\"expert.count=2\"]\n";
  for (const std::string& column : plan(study + arms).study.columns)
    EXPECT_FALSE(of_test_rows(column)) << column;
  EXPECT_EQ(refusal(study + "columns = [\"hard_top1_error\"]\n" + arms),
            ":11: study.columns: \"hard_top1_error\" is measured on test rows, but study.metric = "
            "\"valid.error\" chooses settings; expected numbers of validation rows");
}

TEST_F(PlanTest, keeps_its_seeds_and_its_keys_to_itself) {
  const std::string study = "[study]\nprimary = [\"a\", \"b\"]\n[study.arms]\na = []\n";
  EXPECT_EQ(
      refusal(study + "b = [\"study.seeds=1\"]\n"),
      ": arm \"b\": \"study.seeds=1\" belongs to the study, not to an arm; expected keys of a "
      "recipe");
  EXPECT_EQ(refusal(study + "b = [\"expert.count=2\"]\n", {.assignments = {{"train.seed=7"}}}),
            "--set: train.seed; expected study.first_seed and --seeds");
  const StudyPlan made =
      plan(study + "b = [\"expert.count=2\"]\n", {.assignments = {{"study.seeds=1"}}});
  EXPECT_EQ(made.runs.size(), 2u);
}

TEST_F(PlanTest, options_may_make_arms_alike_in_a_quick_look_only) {
  const std::string study = "[study]\nprimary = [\"a\", \"b\"]\n[study.arms]\na = []\n";
  EXPECT_EQ(refusal(study + "b = [\"train.epochs=3\"]\n", {.assignments = {{"train.epochs=1"}}}),
            ": arm \"b\" changes nothing beside \"a\"; expected another recipe");
  EXPECT_EQ(plan(study + "b = [\"train.epochs=3\"]\n", quick_plan()).runs.size(), 4u);
}

TEST_F(PlanTest, the_primary_arms_have_what_is_compared) {
  const std::string study = "[study]\nprimary = [\"a\", \"b\"]\n", arms = "[study.arms]\na = []\n";
  EXPECT_NE(refusal(study + arms +
                    "b = [\"gate.kind=classes\", \"gate.layers=\", 'gate.classes=[\"0\"]']\n")
                .find("study.primary: arm \"b\" is told the class; expected arms that are not"),
            std::string::npos);
  const std::string split = "metric = \"specialisation.mutual_information\"\n",
                    one = "b = [\"expert.count=1\", \"gate.kind=fixed\", \"gate.layers=\"]\n";
  EXPECT_NE(
      refusal(study + split + arms + one).find("arm \"b\" has one expert and no specialisation"),
      std::string::npos);
  const StudyPlan made = plan(study + split + arms + "b = [\"expert.count=2\"]\n");
  EXPECT_EQ(std::ranges::count(made.study.columns, made.study.metric), 0);
}

TEST_F(PlanTest, braces_of_a_path_are_no_arms) {
  const std::string study = "[study]\nprimary = [\"a\", \"b\"]\n[study.arms]\na = []\n";
  const auto file = file_of(study + "b = [\"start.run={a}\", \"start.gate=copy\"]\n");
  const StudyPlan made = plan_study(file, folder_ / "out{a}");
  EXPECT_NE(made.runs[1].recipe.find("out{a}/runs/a-0"), std::string::npos);
}

TEST_F(PlanTest, refuses_a_metric_or_column_that_no_summary_has) {
  const std::string arms =
      "primary = [\"a\", \"b\"]\n[study.arms]\na = []\nb = [\"expert.count=2\"]\n";
  EXPECT_NE(
      refusal("[study]\nmetric = \"test.eror\"\n" + arms).find("did you mean \"test.error\"?"),
      std::string::npos);
  EXPECT_NE(refusal("[study]\ncolumns = [\"nope\"]\n" + arms).find("expected"), std::string::npos);
  // What pairs of seeds share can be shown, but not compared seed by seed.
  EXPECT_TRUE(refusal("[study]\nmetric = \"split_agreement\"\n" + arms)
                  .starts_with(":9: study.metric = \"split_agreement\"; expected one of "));
  EXPECT_EQ(plan("[study]\ncolumns = [\"split_agreement\"]\n" + arms).study.columns.size(), 1u);
}

TEST_F(PlanTest, names_the_arm_whose_recipe_is_wrong) {
  const std::string study = "[study]\nprimary = [\"a\", \"b\"]\n[study.arms]\na = []\n";
  EXPECT_EQ(refusal(study + "b = [\"expert.cuont=3\"]\n"),
            ": arm \"b\": unknown key \"expert.cuont\"; did you mean \"expert.count\"?");
  EXPECT_EQ(refusal(study + "b = [\"gate.k=3\"]\n"),
            ": arm \"b\": gate.k has no effect here; it is used where gate.kind is noisy_topk or "
            "sigmoid, and that is \"softmax\"");
  EXPECT_EQ(refusal(study + "b = [\"loss.importance=-1\"]\n"),
            ": arm \"b\": loss.importance = -1; expected a number, at least 0");
}

TEST_F(PlanTest, the_baseline_has_what_is_compared_too) {
  const std::string study = "[study]\nprimary = [\"a\", \"b\"]\nbaseline = \"c\"\n";
  const std::string arms = "[study.arms]\na = []\nb = [\"expert.count=2\"]\n";
  EXPECT_EQ(refusal(study + arms +
                    "c = [\"gate.kind=classes\", \"gate.layers=\", 'gate.classes=[\"0\"]']\n"),
            ":10: study.baseline: arm \"c\" is told the class; expected arms that are not");
  EXPECT_EQ(refusal(study + "metric = \"specialisation.usage_entropy\"\n" + arms +
                    "c = [\"expert.count=1\", \"gate.kind=fixed\", \"gate.layers=\"]\n"),
            ":10: study.baseline: arm \"c\" has one expert and no specialisation.usage_entropy; "
            "expected mixtures");
}

TEST_F(PlanTest, a_lone_arm_has_the_metric) {
  EXPECT_EQ(refusal("[study]\nmetric = \"specialisation.usage_entropy\"\n[study.arms]\n"
                    "a = [\"expert.count=1\", \"gate.kind=fixed\", \"gate.layers=\"]\n"),
            ":9: study.metric: arm \"a\" has one expert and no specialisation.usage_entropy; "
            "expected mixtures");
  EXPECT_TRUE(plan("[study]\nseeds = 1\n[study.arms]\ntold = [\"gate.kind=classes\", "
                   "\"gate.layers=\", 'gate.classes=[\"0\"]']\n")
                  .runs[0]
                  .told_class);
}

TEST_F(PlanTest, names_the_flag_that_asked_for_a_change) {
  EXPECT_TRUE(refusal(kTwoArms, {.assignments = {{"train.device=tpu", "--device"}}})
                  .starts_with("--device: train.device = \"tpu\"; expected "));
  EXPECT_TRUE(refusal(kTwoArms, {.assignments = {{"train.epochs=-1"}}})
                  .starts_with("--set: train.epochs = -1; expected "));
}

TEST_F(PlanTest, has_runs_of_further_seeds_beside) {
  const StudyPlan made = plan(kTwoArms, {.further_seeds = {1, 7}});
  EXPECT_EQ(made.runs.size(), 6u);
  ASSERT_EQ(made.beside.size(), 2u);  // seed 1 is planned anyway
  EXPECT_EQ(made.beside[1].folder, folder_ / "out" / "runs" / "wide-7");
  EXPECT_NE(made.beside[1].recipe.find("seed = 7"), std::string::npos);
}

TEST_F(PlanTest, knows_which_runs_outside_an_arm_starts_from) {
  const StudyPlan made = plan(R"(
[study]
seeds = 1
primary = ["b", "a"]
[study.arms]
a = ["start.run=runs/old", "start.gate=copy"]
b = ["start.run={a}", "start.gate=copy"]
)");
  EXPECT_EQ(made.runs[0].elsewhere, std::vector<std::filesystem::path>{"runs/old"});
  EXPECT_TRUE(made.runs[1].elsewhere.empty());
}

TEST(Plan, recipes_of_every_shipped_study_read_back) {
  size_t studies = 0;
  const std::filesystem::path folder = std::filesystem::path(testing::kSourceDir) / "experiments";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".toml") continue;
    ++studies;
    const StudyPlan made = plan_study(entry.path(), "out", quick_plan());
    for (const PlannedRun& run : made.runs) {
      StudyDocument again(made.kind);
      again.schema.parse_text(run.recipe, run.arm);
      EXPECT_NO_THROW(again.recipe().check(again.schema)) << entry.path();
      EXPECT_EQ(again.recipe_toml(), run.recipe) << entry.path() << run.arm;
    }
  }
  EXPECT_GT(studies, 0u);
}

}  // namespace
}  // namespace moestro
