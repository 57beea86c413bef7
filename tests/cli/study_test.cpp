#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/study_fixture.h"

namespace moestro::testing {
namespace {

TEST_F(StudyTest, trains_every_arm_and_writes_tables_and_a_page) {
  const Outcome outcome = study({"--jobs", "2"});
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_NE(outcome.out.find("distilled - plain"), std::string::npos);
  EXPECT_NE(outcome.err.find("; about "), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find(" left\n6/6 "), std::string::npos) << outcome.err;
  const std::string csv = get(folder_ / "runs/study/results.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 7);
  EXPECT_NE(csv.find(",split_agreement,"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "runs/study/report.html"));
  const Outcome again = study({"--results", "runs/study/results.csv"});
  EXPECT_EQ(again.out, outcome.out);
}

TEST_F(StudyTest, goes_on_where_it_was_left_and_gives_the_same_results) {
  ASSERT_TRUE(succeeds(study()));
  const std::string whole = results_without_times("runs/study");
  std::filesystem::remove_all(folder_ / "runs/study/runs/wide-1");
  std::filesystem::remove(folder_ / "runs/study/results.csv");
  const Outcome outcome = study();
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_NE(outcome.err.find("5 of 6 runs are there already"), std::string::npos);
  EXPECT_EQ(results_without_times("runs/study"), whole);
}

TEST_F(StudyTest, refuses_runs_of_another_recipe_before_anything_is_trained) {
  ASSERT_TRUE(succeeds(study({"--seeds", "1"})));
  EXPECT_TRUE(fails(study({"--set", "train.rate=0.03"}), 2,
                    {"runs/study/runs/plain-0: the run there has another recipe than arm "
                     "\"plain\" has now",
                     "(here: rate = 0.03, there: rate = "}));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "runs/study/runs/plain-1"));
}

TEST_F(StudyTest, what_is_wrong_with_an_arm_is_found_before_the_first_run) {
  put(folder_ / "study.toml", R"([study]
recipe = "toy.toml"
primary = ["bare", "plain"]
[study.arms]
plain = []
bare = ["gate.kind=attentive", 'expert.layers=["linear classes"]']
)");
  EXPECT_TRUE(fails(study(), 2, {"arm \"bare\"", "reads hidden layer 1 of the experts"}));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "runs/study/runs"));
  EXPECT_TRUE(fails(study({"--set", "data.path=\"gone.csv\""}), 2, {"gone.csv"}));
}

TEST_F(StudyTest, what_does_not_fit_the_arm_it_starts_from_is_found_before_the_first_run) {
  const auto refuses = [&](const std::string& child, const std::string& what) {
    put(folder_ / "study.toml",
        "[study]\nrecipe = \"toy.toml\"\nprimary = [\"b\", \"a\"]\n[study.arms]\na = []\n"
        "b = [\"start.run={a}\", " +
            child + "]\n");
    EXPECT_TRUE(fails(study(), 2, {"study.toml: arm \"b\": ", what}));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "runs/study/runs"));
  };
  refuses(R"("start.experts=freeze", "expert.count=4")", "the run has other tensors");
  refuses(R"("start.experts=freeze", 'expert.layers=["linear 8", "tanh", "linear classes"]')",
          "expected the same expert.layers to freeze them");
  refuses(R"("start.gate=copy", "data.batch=1", "loss.similarity_same=1")", "data.batch");
}

TEST_F(StudyTest, a_run_that_fails_stops_only_those_that_need_it) {
  put(folder_ / "study.toml", R"([study]
recipe = "toy.toml"
seeds = 1
primary = ["child", "plain"]
[study.arms]
runaway = ["train.rate=1e30"]
child = ["start.run={runaway}", "start.experts=freeze", "start.gate=trunk"]
plain = []
)");
  const Outcome outcome = study();
  EXPECT_EQ(outcome.exit_code, 1);  // not the user's to mend
  EXPECT_NE(outcome.err.find("runaway-0 ended with exit code 1: error: step "), std::string::npos)
      << outcome.err;
  EXPECT_TRUE(std::filesystem::exists(folder_ / "runs/study/runs/plain-0/summary.json"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "runs/study/runs/child-0"));
}

TEST_F(StudyTest, a_student_of_a_teacher_that_was_trained_again_is_refused) {
  ASSERT_TRUE(succeeds(study({"--seeds", "1"})));
  std::filesystem::remove_all(folder_ / "runs/study/runs/plain-0");
  EXPECT_TRUE(fails(study({"--seeds", "1"}), 2,
                    {"distilled-0: was started from runs/study/runs/plain-0, which is gone"}));
}

TEST_F(StudyTest, refuses_the_folder_of_a_run_and_of_another_study) {
  ASSERT_TRUE(succeeds(train()));
  EXPECT_TRUE(fails(study({"--out", "runs/toy"}), 2, {"runs/toy: holds a run"}));
  EXPECT_TRUE(fails(study({"--out", "toy.toml"}), 2, {"toy.toml: is a file"}));
  ASSERT_TRUE(succeeds(study({"--seeds", "1"})));
  put(folder_ / "other.toml",
      "[study]\nrecipe = \"toy.toml\"\n[study.arms]\nlone = [\"train.rate=0.03\"]\n");
  EXPECT_TRUE(fails(moestro({"study", "other.toml", "--out", "runs/study"}), 2,
                    {"has results of an arm \"plain\", which other does not have"}));
}

TEST_F(StudyTest, changed_data_are_noticed) {
  ASSERT_TRUE(succeeds(study({"--seeds", "1"})));
  std::filesystem::remove_all(folder_ / "runs/study/runs/wide-0");
  put(folder_ / "test.csv", corners_csv(60, 3));
  EXPECT_TRUE(fails(study({"--seeds", "1", "--quiet"}), 2, {"were measured on other rows"}));
}

TEST_F(StudyTest, an_arm_that_is_told_the_class_is_marked_and_cannot_predict) {
  put(folder_ / "study.toml", R"([study]
recipe = "toy.toml"
seeds = 1
primary = ["wide", "plain"]
[study.arms]
plain = []
wide = ["expert.count=4"]
told = ["gate.kind=classes", "gate.layers=", 'gate.classes=["0", "1"]', "loss.importance="]
)");
  const Outcome outcome = study();
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_NE(outcome.out.find("told (told the class)"), std::string::npos) << outcome.out;
  EXPECT_NE(get(folder_ / "runs/study/runs/told-0/summary.json").find("\"told_class\": true"),
            std::string::npos);
  EXPECT_TRUE(fails(
      moestro({"predict", "runs/study/runs/told-0", "--data", "test.csv", "--out", "answers.csv"}),
      2, {"is told the class of every row"}));
}

TEST_F(StudyTest, quick_is_small_and_lies_apart) {
  ASSERT_TRUE(succeeds(study({"--quick"})));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "runs/study-quick/results.csv"));
  EXPECT_NE(get(folder_ / "runs/study-quick/recipes/plain-0.toml").find("epochs = 1"),
            std::string::npos);
}

TEST_F(StudyTest, keeps_no_test_error_where_settings_are_chosen) {
  ASSERT_TRUE(succeeds(study({"--quick", "--set", "study.metric=valid.error"})));
  const std::string csv = get(folder_ / "runs/study-quick/results.csv");
  EXPECT_NE(csv.find("valid.error"), std::string::npos);
  EXPECT_EQ(csv.find("test.error"), std::string::npos);
  EXPECT_EQ(csv.find("top1"), std::string::npos);
}

TEST_F(StudyTest, fewer_seeds_leave_the_rows_of_the_others_where_they_are) {
  ASSERT_TRUE(succeeds(study()));
  const std::string whole = get(folder_ / "runs/study/results.csv");
  const Outcome outcome = study({"--seeds", "1"});
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_NE(outcome.out.find("3 of 3 runs"), std::string::npos) << outcome.out;
  EXPECT_EQ(get(folder_ / "runs/study/results.csv"), whole);
}

TEST_F(StudyTest, prints_markdown_or_json_of_stored_results) {
  ASSERT_TRUE(succeeds(study()));
  const Words stored = {"--results", "runs/study/results.csv"};
  const Outcome markdown = study({stored[0], stored[1], "--markdown"});
  EXPECT_NE(markdown.out.find("| arm | seeds | test error |"), std::string::npos) << markdown.out;
  const Outcome outcome = study({stored[0], stored[1], "--json"});
  ASSERT_TRUE(succeeds(outcome));
  const nlohmann::json json = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(json["arms"].size(), 3u);
  EXPECT_EQ(json["arms"][0]["test.error"]["by_seed"].size(), 2u);
  EXPECT_EQ(json["primary"]["first"], "distilled");
  EXPECT_EQ(json["others"][0]["first"], "wide");
  EXPECT_EQ(outcome.err, "");
}

TEST_F(StudyTest, json_stands_alone_on_stdout_beside_training) {
  const Outcome outcome = study({"--quick", "--json"});
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_EQ(nlohmann::json::parse(outcome.out)["finished"], 6);
}

TEST_F(StudyTest, threads_are_those_of_each_run) {
  ASSERT_TRUE(succeeds(study({"--quick", "--threads", "2", "--jobs", "2"})));
  for (const char* run : {"plain-0", "wide-1"}) {
    const std::filesystem::path folder = folder_ / "runs/study-quick/runs" / run;
    EXPECT_NE(get(folder / "manifest.json").find("\"threads\": 2"), std::string::npos) << run;
  }
}

TEST_F(StudyTest, arguments_are_checked) {
  EXPECT_TRUE(fails(study({"--jobs", "0"}), 2, {"--jobs: 0; expected a whole number, at least 1"}));
  EXPECT_TRUE(
      fails(study({"--seeds", "0"}), 2, {"--seeds: 0; expected a whole number, at least 1"}));
  EXPECT_TRUE(fails(study({"--threads", "-1"}), 2, {"--threads: -1; expected a whole number"}));
  EXPECT_TRUE(fails(study({"--device", "tpu"}), 2, {"--device: train.device = \"tpu\""}));
  EXPECT_TRUE(fails(study({"--set", "train.rate=0"}), 2, {"--set: train.rate = 0"}));
  EXPECT_TRUE(fails(study({"--json", "--markdown"}), 2, {"--json excludes --markdown"}));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "runs"));
}

TEST_F(StudyTest, stored_results_go_with_nothing_that_concerns_training) {
  for (const Words& flag :
       {Words{"--quick"}, Words{"--out", "x"}, Words{"--jobs", "2"}, Words{"--data-root", "."},
        Words{"--device", "cpu"}, Words{"--threads", "2"}}) {
    Words arguments = {"--results", "stored.csv"};
    arguments.insert(arguments.end(), flag.begin(), flag.end());
    EXPECT_TRUE(fails(study(arguments), 2, {"excludes", flag.front()})) << flag.front();
  }
}

}  // namespace
}  // namespace moestro::testing
