#include <csignal>
#include <thread>

#include <gtest/gtest.h>

#include "cli/program_fixture.h"

namespace moestro::testing {
namespace {

class StudyTest : public ProgramTest {
 protected:
  StudyTest() {
    put(folder_ / "study.toml", R"([study]
recipe = "toy.toml"
seeds = 2
primary = ["distilled", "plain"]
[study.arms]
plain = []
distilled = ["start.run={plain}", "start.experts=freeze", "start.gate=trunk"]
wide = ["expert.count=4"]
)");
  }

  Outcome study(const Words& more = {}) const {
    Words arguments = {"study", "study.toml"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return moestro(arguments);
  }
};

TEST_F(StudyTest, trains_every_arm_and_writes_tables_and_a_page) {
  const Outcome outcome = study({"--jobs", "2"});
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_NE(outcome.out.find("distilled - plain"), std::string::npos);
  EXPECT_NE(outcome.err.find("6/6"), std::string::npos);
  const std::string csv = get(folder_ / "runs/study/results.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 7);
  EXPECT_NE(csv.find(",split_agreement,"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "runs/study/report.html"));
  const Outcome again = study({"--results", "runs/study/results.csv"});
  EXPECT_EQ(again.out, outcome.out);
}

TEST_F(StudyTest, goes_on_where_it_was_left_and_gives_the_same_results) {
  ASSERT_TRUE(succeeds(study()));
  const auto without_seconds = [&] {
    std::string text;
    std::istringstream lines(get(folder_ / "runs/study/results.csv"));
    for (std::string line; std::getline(lines, line);) {
      std::istringstream cells(line);
      for (int i = 0; std::getline(cells, line, ','); ++i)
        if (i != 3) text += line + ',';
    }
    return text;
  };
  ASSERT_NE(get(folder_ / "runs/study/results.csv").find("arm,seed,parameters,seconds,"),
            std::string::npos);
  const std::string whole = without_seconds();
  std::filesystem::remove_all(folder_ / "runs/study/runs/wide-1");
  std::filesystem::remove(folder_ / "runs/study/results.csv");
  const Outcome outcome = study();
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_NE(outcome.err.find("5 of 6 runs are there already"), std::string::npos);
  EXPECT_EQ(without_seconds(), whole);
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
  EXPECT_TRUE(fails(study({"--seeds", "1", "--quiet"}), 2, {"were measured on other test rows"}));
}

// A study of long runs, once its first run has a checkpoint.
class RunningStudy : public StudyTest {
 protected:
  RunningStudy() {
    put(folder_ / "train.csv", corners_csv(640, 1));
    program_ = std::make_unique<Program>(
        Words{"study", "study.toml", "--seeds", "1", "--set", "train.epochs=300", "--jobs", "2"},
        options());
    const std::filesystem::path checkpoints = folder_ / "runs/study/runs/plain-0/checkpoints";
    for (int i = 0; i < 1000 && !std::filesystem::exists(checkpoints); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }

  // What is trained goes on from where it was, in fewer epochs of its own.
  void expect_to_go_on() const {
    const Outcome again = study({"--seeds", "1", "--set", "train.epochs=300", "--jobs", "2"});
    ASSERT_TRUE(succeeds(again));
    EXPECT_NE(get(folder_ / "runs/study/results.csv").find("distilled,0,"), std::string::npos);
  }

  std::unique_ptr<Program> program_;
};

TEST_F(RunningStudy, a_run_that_someone_else_stops_is_a_failure) {
  const std::string pid = std::to_string(program_->pid());
  std::istringstream children(get("/proc/" + pid + "/task/" + pid + "/children"));
  pid_t child = 0;
  ASSERT_TRUE(children >> child);
  kill(child, SIGKILL);
  const Outcome outcome = program_->wait();
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.err.find("was ended by signal 9"), std::string::npos) << outcome.err;
}

TEST_F(RunningStudy, asked_to_stop_saves_its_runs_and_goes_on) {
  program_->send(SIGTERM);
  const Outcome stopped = program_->wait();
  EXPECT_EQ(stopped.exit_code, 130);
  EXPECT_NE(stopped.err.find("of 3 runs finished; the same command goes on"), std::string::npos);
  EXPECT_EQ(stopped.err.find("failed"), std::string::npos) << stopped.err;
  EXPECT_NE(get(folder_ / "runs/study/runs/plain-0/manifest.json").find("interrupted"),
            std::string::npos);
  expect_to_go_on();
}

TEST_F(RunningStudy, killed_leaves_no_run_at_work_behind) {
  program_->send(SIGKILL);
  EXPECT_EQ(program_->wait().signal, SIGKILL);
  const auto manifest = [&] { return get(folder_ / "runs/study/runs/plain-0/manifest.json"); };
  for (int i = 0; i < 500 && manifest().find("interrupted") == std::string::npos; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_NE(manifest().find("interrupted"), std::string::npos);
  expect_to_go_on();
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

TEST_F(StudyTest, prints_markdown) {
  ASSERT_TRUE(succeeds(study()));
  const Outcome outcome = study({"--results", "runs/study/results.csv", "--markdown"});
  EXPECT_NE(outcome.out.find("| arm | seeds | test error |"), std::string::npos) << outcome.out;
}

}  // namespace
}  // namespace moestro::testing
