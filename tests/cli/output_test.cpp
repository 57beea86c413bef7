#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/program_fixture.h"
#include "moestro/core/error.h"
#include "moestro/store/json_file.h"
#include "moestro/store/safetensors.h"
#include "store/expect_error.h"

namespace moestro {
namespace {

namespace fs = std::filesystem;
using testing::contains;
using testing::get;
using testing::Outcome;
using testing::put;
using testing::succeeds;

using Output = testing::ProgramTest;

TEST_F(Output, train_writes_results_to_stdout_and_the_rest_to_stderr) {
  const Outcome outcome = train();
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_TRUE(contains(outcome.out, "test error"));
  EXPECT_EQ(outcome.out.find('\033'), std::string::npos);  // colour is for terminals
  EXPECT_EQ(outcome.err, "report: runs/toy/report.html\n");
  EXPECT_TRUE(fs::exists(folder_ / "runs/toy/report.html"));
}

TEST_F(Output, quiet_says_nothing_but_the_results) {
  const Outcome outcome = train({"--quiet"});
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_EQ(outcome.err, "");
  EXPECT_TRUE(contains(outcome.out, "test error"));
}

TEST_F(Output, verbose_names_the_kernels_and_says_why) {
  const std::string dense = train({"--verbose"}).err;
  EXPECT_TRUE(contains(
      dense, "experts: linear 6: one product for 2 experts, since they share their rows\n"));
  EXPECT_FALSE(contains(dense, "one expert after the other"));
  const std::string sparse = train({"--verbose", "--force", "--set", "gate.kind=switch"}).err;
  EXPECT_TRUE(
      contains(sparse, "experts: one expert after the other on the rows sent to it, since "));
}

TEST_F(Output, json_stands_alone_on_stdout) {
  const Outcome trained = train({"--json", "--out", "run"});
  ASSERT_TRUE(succeeds(trained));
  const nlohmann::json summary = nlohmann::json::parse(trained.out);
  EXPECT_EQ(summary, read_json_file(folder_ / "run/summary.json"));

  const Outcome evaluated = moestro({"eval", "run", "--json"});
  ASSERT_TRUE(succeeds(evaluated));
  EXPECT_EQ(evaluated.err, "");
  const nlohmann::json scores = nlohmann::json::parse(evaluated.out);
  EXPECT_EQ(scores["test"], summary["test"]);
  EXPECT_EQ(scores["specialisation"], summary["specialisation"]);

  const Outcome inspected = moestro({"inspect", "run", "--json"});
  ASSERT_TRUE(succeeds(inspected));
  EXPECT_EQ(inspected.err, "");
  EXPECT_EQ(nlohmann::json::parse(inspected.out), read_json_file(folder_ / "run/inspection.json"));
}

TEST_F(Output, inspect_says_how_far_runs_split_alike) {
  ASSERT_TRUE(succeeds(train({"--out", "run"})));
  ASSERT_TRUE(succeeds(train({"--out", "other", "--seed", "5"})));
  const Outcome outcome =
      moestro({"inspect", "run", "--beside", "run", "--beside", "other", "--json"});
  ASSERT_TRUE(succeeds(outcome));
  const nlohmann::json agreement = nlohmann::json::parse(outcome.out).at("agreement");
  ASSERT_EQ(agreement.size(), 2u);
  EXPECT_NEAR(agreement[0].at("adjusted_mutual_information").get<double>(), 1, 1e-12);
  EXPECT_EQ(agreement[1].at("run"), "other");
  EXPECT_TRUE(contains(moestro({"inspect", "run", "--beside", "run"}).out,
                       "agreement with the split of run: 1.000"));
}

TEST_F(Output, inspect_shows_each_expert_alone_where_that_is_asked_for) {
  ASSERT_TRUE(succeeds(train({"--out", "run"})));
  ASSERT_TRUE(succeeds(train({"--out", "other", "--seed", "5"})));
  const std::string plain = moestro({"inspect", "run"}).out;
  EXPECT_FALSE(contains(plain, "Each expert alone"));
  const Outcome probed = moestro({"inspect", "run", "--probe", "--partition", "other"});
  ASSERT_TRUE(succeeds(probed));
  EXPECT_TRUE(testing::starts_with(probed.out, plain + "\nEach expert alone: "));
  EXPECT_TRUE(contains(probed.out, "\nEach expert alone, on the parts of other: "));
  const Outcome json = moestro({"inspect", "run", "--probe", "--partition", "other", "--json"});
  EXPECT_EQ(nlohmann::json::parse(json.out)["partition"]["run"], "other");
  EXPECT_TRUE(testing::fails(moestro({"inspect", "run", "--partition", "other"}), kExitUser,
                             {"--partition requires --probe"}));
}

TEST_F(Output, eval_times_a_run_alone_or_beside_another) {
  ASSERT_TRUE(succeeds(train({"--out", "run"})));
  ASSERT_TRUE(succeeds(train({"--out", "more", "--set", "expert.count=5"})));
  const Outcome alone = moestro({"eval", "run", "--speed"});
  ASSERT_TRUE(succeeds(alone));
  EXPECT_EQ(alone.err, "");
  EXPECT_TRUE(contains(alone.out, "latency, batch 1, ms"));
  EXPECT_FALSE(contains(alone.out, "of the bound"));
  const Outcome both =
      moestro({"eval", "more", "--speed", "--beside", "run", "--data", "train.csv"});
  ASSERT_TRUE(succeeds(both));
  EXPECT_TRUE(contains(both.out, ", 160 rows, on cpu ("));
  EXPECT_TRUE(contains(both.out, "of the bound\nrun "));
  const Outcome json = moestro({"eval", "more", "--speed", "--beside", "run", "--json"});
  ASSERT_TRUE(succeeds(json));
  const nlohmann::json speeds = nlohmann::json::parse(json.out);
  EXPECT_EQ(speeds["runs"][1]["run"], "run");
  EXPECT_GT(speeds["ratio"]["parameters"], 1);
  EXPECT_TRUE(testing::fails(moestro({"eval", "more", "--beside", "run"}), kExitUser,
                             {"--beside requires --speed"}));
  EXPECT_TRUE(testing::fails(moestro({"eval", "more", "--speed", "--beside", "toy.toml"}),
                             kExitUser, {"toy.toml"}));
}

TEST_F(Output, one_expert_a_row_answers_where_that_is_asked_for) {
  ASSERT_TRUE(succeeds(train({"--out", "run", "--set", "expert.count=3"})));
  const nlohmann::json summary = nlohmann::json::parse(get(folder_ / "run/summary.json"));
  const Outcome hard = moestro({"eval", "run", "--hard", "--json"});
  ASSERT_TRUE(succeeds(hard));
  EXPECT_EQ(nlohmann::json::parse(hard.out)["test"]["error"], summary["hard_top1_error"]);
  EXPECT_TRUE(contains(moestro({"eval", "run", "--hard"}).out, "run, one expert a row, on "));
  const Outcome timed = moestro({"eval", "run", "--hard", "--speed", "--beside", "run", "--json"});
  ASSERT_TRUE(succeeds(timed));
  const nlohmann::json runs = nlohmann::json::parse(timed.out)["runs"];
  EXPECT_EQ(runs[0]["run"], "run, one expert a row");
  EXPECT_LT(runs[0]["operations"], runs[1]["operations"]);
  EXPECT_TRUE(
      succeeds(moestro({"predict", "run", "--hard", "--data", "test.csv", "--out", "hard.csv"})));
  ASSERT_TRUE(succeeds(train({"--out", "attentive", "--set", "gate.kind=attentive"})));
  EXPECT_TRUE(testing::fails(moestro({"eval", "attentive", "--hard"}), kExitUser,
                             {"attentive: one expert a row saves nothing: the gate reads"}));
}

TEST_F(Output, verbs_for_a_finished_run_print_their_results) {
  ASSERT_TRUE(succeeds(train({"--out", "run"})));
  const Outcome evaluated = moestro({"eval", "run", "--data", "train.csv"});
  EXPECT_TRUE(succeeds(evaluated));
  EXPECT_TRUE(contains(evaluated.out, "run on train.csv (160 rows)\n"));
  EXPECT_TRUE(contains(evaluated.out, "test/error"));

  const Outcome inspected = moestro({"inspect", "run"});
  EXPECT_TRUE(succeeds(inspected));
  EXPECT_TRUE(contains(inspected.out, "agree"));

  const Outcome predicted = moestro({"predict", "run", "--data", "test.csv", "--out", "new.csv"});
  EXPECT_TRUE(succeeds(predicted));
  EXPECT_EQ(predicted.out, "");
  EXPECT_EQ(predicted.err, "new.csv: 60 predictions\n");
  const std::string csv = get(folder_ / "new.csv");
  EXPECT_TRUE(testing::starts_with(csv, "row,prediction,probability,expert,gate\n0,"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 61);

  fs::remove(folder_ / "run/report.html");
  const Outcome reported = moestro({"report", "run"});
  EXPECT_TRUE(succeeds(reported));
  EXPECT_EQ(reported.out, "run/report.html\n");
  EXPECT_TRUE(testing::starts_with(get(folder_ / "run/report.html"), "<!DOCTYPE html>"));
}

TEST_F(Output, resume_of_a_finished_run_says_so) {
  ASSERT_TRUE(succeeds(train()));
  const Outcome again = train({"--resume"});
  EXPECT_TRUE(succeeds(again));
  EXPECT_TRUE(contains(again.err, "runs/toy: the run is finished, nothing to do\n"));
}

TEST_F(Output, demo_compares_its_runs_and_the_student_with_its_mixture) {
  testing::put_images(folder_ / "fashion-mnist", "train", 40, 28, 10);
  testing::put_images(folder_ / "fashion-mnist", "t10k", 20, 28, 10);
  const Outcome outcome =
      moestro({"demo", "--data-root", ".", "--epochs", "1", "--threads", "1", "--out", "three"});
  ASSERT_TRUE(succeeds(outcome));
  for (const char* name : {"one-expert", "original-gate", "attentive-gate", "student",
                           "The student folded from attentive-gate", "samples a second"})
    EXPECT_TRUE(contains(outcome.out, name));
  const auto error_of = [&](const char* run) {
    const nlohmann::json summary = read_json_file(folder_ / "three" / run / "summary.json");
    return fmt::format("{:.2f} %", 100 * summary["test"]["error"].get<double>());
  };
  EXPECT_TRUE(contains(outcome.out, "attentive-gate, beside it: test error " + error_of("student") +
                                        ", the mixture's " + error_of("attentive-gate") + "\n"));
  EXPECT_TRUE(contains(outcome.out, "report: three/report.html\n"));
  EXPECT_TRUE(fs::exists(folder_ / "three/report.html"));
}

TEST_F(Output, data_lists_the_sets_and_describes_one) {
  testing::put_images(folder_ / "mnist", "train", 30, 28, 10);
  testing::put_images(folder_ / "mnist", "t10k", 20, 28, 10);
  const Outcome list = moestro({"data", "--data-root", "."});
  EXPECT_TRUE(succeeds(list));
  for (const char* name : {"mnist", "fashion-mnist", "cifar-100", "california-housing"})
    EXPECT_TRUE(contains(list.out, name));
  const Outcome one = moestro({"data", "mnist", "--data-root", "."});
  EXPECT_TRUE(succeeds(one));
  EXPECT_TRUE(contains(one.out, "30"));
  EXPECT_TRUE(contains(one.out, "28"));
}

}  // namespace
}  // namespace moestro
