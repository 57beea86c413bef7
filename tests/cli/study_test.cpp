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
                     "\"plain\" has now"}));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "runs/study/runs/plain-1"));
}

TEST_F(StudyTest, a_run_that_fails_is_named_with_its_reason) {
  const Outcome outcome = study({"--set", "data.path=\"gone.csv\""});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("runs/study/runs/plain-0 ended with exit code 2: error: gone.csv"),
            std::string::npos)
      << outcome.err;
}

TEST_F(StudyTest, quick_is_small_and_lies_apart) {
  ASSERT_TRUE(succeeds(study({"--quick"})));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "runs/study-quick/results.csv"));
  EXPECT_NE(get(folder_ / "runs/study-quick/recipes/plain-0.toml").find("epochs = 1"),
            std::string::npos);
}

TEST_F(StudyTest, prints_markdown) {
  ASSERT_TRUE(succeeds(study()));
  const Outcome outcome = study({"--results", "runs/study/results.csv", "--markdown"});
  EXPECT_NE(outcome.out.find("| arm | seeds | test error |"), std::string::npos) << outcome.out;
}

}  // namespace
}  // namespace moestro::testing
