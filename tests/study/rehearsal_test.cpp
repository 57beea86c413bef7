#include "study/rehearsal.h"

#include <gtest/gtest.h>

#include "lifecycle/made_up.h"
#include "moestro/core/error.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::put;
using testing::thrown;

class RehearsalTest : public ::testing::Test {
 protected:
  RehearsalTest() {
    put(folder_ / "train.csv", testing::corners_csv(40, 1));
    put(folder_ / "test.csv", testing::corners_csv(20, 2));
    put(folder_ / "toy.toml", testing::corners_recipe(folder_.path()));
  }

  StudyPlan plan(const std::string& arms, const std::string& keys = {}) {
    put(folder_ / "s.toml", "[study]\nrecipe = \"toy.toml\"\nprimary = [\"b\", \"a\"]\n" + keys +
                                "[study.arms]\n" + arms);
    return plan_study(folder_ / "s.toml", folder_ / "out");
  }

  // The message without the file's name.
  std::string refusal(const StudyPlan& plan) {
    const std::string message = thrown<UserError>(
        [&] { rehearse(plan, [this](size_t i) { return finished_.contains(i); }, {}); });
    return message.starts_with(plan.file.string()) ? message.substr(plan.file.string().size())
                                                   : message;
  }

  testing::TemporaryFolder folder_;
  std::set<size_t> finished_;
};

const std::string kFits = "(nothing thrown)";

TEST_F(RehearsalTest, lets_a_child_pass_that_fits_an_arm_which_is_not_there_yet) {
  EXPECT_EQ(refusal(plan("a = []\nb = [\"start.run={a}\", \"start.experts=freeze\"]\n")), kFits);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out"));
}

TEST_F(RehearsalTest, lets_a_child_pass_of_an_arm_that_embeds_categories) {
  std::string table = "colour,size,y\n";
  for (int row = 0; row < 40; ++row)
    table += fmt::format("{},{},{}\n", row % 3 ? "red" : "blue", row, row % 2 ? "a" : "b");
  put(folder_ / "train.csv", table);
  put(folder_ / "test.csv", table);
  const std::string layers = "'expert.layers=[\"embed 2\", \"linear classes\"]'";
  EXPECT_EQ(refusal(plan("a = [" + layers + "]\nb = [" + layers +
                         ", \"start.run={a}\", \"start.experts=copy\"]\n")),
            kFits);
}

TEST_F(RehearsalTest, names_the_arm_that_does_not_fit) {
  const std::string text = refusal(
      plan("a = []\nb = [\"start.run={a}\", \"start.experts=freeze\", \"expert.count=3\"]\n"));
  EXPECT_TRUE(text.starts_with(": arm \"b\": start.experts: the run has other tensors: ")) << text;
}

TEST_F(RehearsalTest, looks_at_one_seed_of_an_arm_and_not_at_what_is_finished) {
  StudyPlan made = plan("a = []\nb = [\"expert.count=3\"]\n");
  made.runs[3].recipe = "not a recipe";
  EXPECT_EQ(refusal(made), kFits);
  made.runs[1].recipe = "not a recipe";
  EXPECT_NE(refusal(made), kFits);
  finished_ = {1};
  EXPECT_EQ(refusal(made), kFits);
}

TEST_F(RehearsalTest, looks_at_every_seed_that_starts_from_one_run_outside) {
  const StudyPlan made = plan("a = []\nb = [\"start.run=gone\", \"start.gate=copy\"]\n");
  finished_ = {1};
  EXPECT_TRUE(refusal(made).starts_with(": arm \"b\": ")) << refusal(made);
}

TEST_F(RehearsalTest, a_metric_of_classes_is_refused_for_numbers) {
  put(folder_ / "train.csv", testing::houses_csv(40, 1));
  put(folder_ / "test.csv", testing::houses_csv(20, 2));
  const std::string values =
                        "[expert]\nlayers = [\"linear 6\", \"relu\", \"linear "
                        "1\"]\n[mixture]\noutput = \"values\"\n"
                        "[loss]\nkind = \"least_squares\"\n",
                    arms = "a = []\nb = [\"expert.count=3\"]\n";
  EXPECT_EQ(refusal(plan(arms + values, "metric = \"hard_top1_error\"\n")),
            ": arm \"a\": study.metric = \"hard_top1_error\" is of classes, and the target is a "
            "number; expected another, as test.error");
  EXPECT_EQ(refusal(plan(arms + values, "metric = \"bleu\"\n")),
            ": arm \"a\": study.metric = \"bleu\" is of translations, and the data are none; "
            "expected another, as test.error");
  EXPECT_EQ(refusal(plan(arms + values, "metric = \"specialisation.usage_entropy\"\n")), kFits);
}

}  // namespace
}  // namespace moestro
