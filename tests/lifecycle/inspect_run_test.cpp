#include "moestro/lifecycle/inspect_run.h"

#include "lifecycle/run_fixture.h"
#include "moestro/core/error.h"
#include "store/expect_error.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::contains;
using testing::put;
using testing::thrown;

using InspectRun = testing::RunTest;

TEST_F(InspectRun, says_of_its_own_test_rows_what_the_folder_says) {
  train();
  const InspectedRun inspected = inspect_run({.run = run_});
  EXPECT_EQ(nlohmann::json(inspected.to_json()), json("inspection.json"));
  EXPECT_TRUE(inspected.agreement.empty());
}

TEST_F(InspectRun, compares_its_split_with_that_of_runs_beside_it) {
  train();
  const std::filesystem::path first = run_;
  run_ = folder_ / "other";
  train({"train.seed=5", "expert.count=3"});
  const InspectedRun inspected =
      inspect_run({.run = first, .beside = {first, run_}, .data = folder_ / "train.csv"});
  EXPECT_EQ(inspected.set, folder_ / "train.csv");
  EXPECT_EQ(inspected.rows, 160);
  ASSERT_EQ(inspected.agreement.size(), 2u);
  EXPECT_EQ(inspected.agreement[1].run, run_);
  const nlohmann::json agreement = inspected.to_json()["agreement"];
  EXPECT_NEAR(agreement[0]["adjusted_mutual_information"].get<double>(), 1, 1e-12);
  EXPECT_LT(agreement[1]["adjusted_mutual_information"].get<double>(), 1);
}

TEST_F(InspectRun, judges_experts_by_the_split_of_another_run) {
  train();
  const std::filesystem::path first = run_;
  run_ = folder_ / "other";
  train({"train.seed=5"});
  const nlohmann::json own = inspect_run({.run = first, .partition = first}).to_json(),
                       other = inspect_run({.run = first, .partition = run_}).to_json();
  EXPECT_FALSE(inspect_run({.run = first, .probe = true}).to_json().contains("partition"));
  EXPECT_EQ(own["partition"]["run"], first.string());
  EXPECT_EQ(own["partition"]["part_of_expert"], (std::vector<int64_t>{0, 1}));
  for (const auto& [key, value] : own["probing"].items())
    EXPECT_EQ(own["partition"][key], value) << key;
  EXPECT_EQ(other["probing"], own["probing"]);
  // The parts are as large as the other run's experts have them.
  const nlohmann::json& partition = other["partition"];
  const nlohmann::json usage = json("inspection.json")["usage"];
  for (size_t e = 0; e < 2; ++e)
    EXPECT_NEAR(partition["share"][e].get<double>(),
                usage[partition["part_of_expert"][e].get<size_t>()].get<double>(), 1e-12);
  EXPECT_EQ(partition["all"], own["probing"]["all"]);
}

TEST_F(InspectRun, refuses_partitions_that_do_not_fit) {
  train();
  const std::filesystem::path first = run_;
  run_ = folder_ / "other";
  train({"expert.count=3"});
  EXPECT_EQ(
      thrown<UserError>([&] { inspect_run({.run = first, .partition = run_}); }),
      run_.string() + ": 3 experts; expected 2 as in " + first.string() + ", a part for each");
  run_ = folder_ / "alone";
  train({"expert.count=1", "gate.kind=fixed", "gate.layers=", "loss.importance="});
  EXPECT_EQ(thrown<UserError>([&] { inspect_run({.run = run_, .probe = true}); }),
            run_.string() + ": one expert alone; expected several to probe");
}

TEST_F(InspectRun, refuses_runs_that_were_trained_on_other_categories) {
  train();
  const std::filesystem::path first = run_;
  run_ = folder_ / "other";
  const auto with_blue = [&](const char* file) {
    std::string text = testing::get(folder_ / file);
    for (size_t at = 0; (at = text.find("green", at)) != text.npos;) text.replace(at, 5, "azure");
    put(folder_ / file, text);
  };
  with_blue("train.csv");
  with_blue("test.csv");
  train();
  const std::string expected = first.string() +
                               ": trained on a table of other columns; expected the same names, "
                               "kinds and categories";
  EXPECT_EQ(thrown<UserError>([&] { inspect_run({.run = run_, .partition = first}); }), expected);
  EXPECT_EQ(thrown<UserError>([&] { inspect_run({.run = run_, .beside = {first}}); }), expected);
}

TEST_F(InspectRun, keeps_for_the_report_what_was_asked) {
  train();
  const nlohmann::json before = json("inspection.json");
  keep(inspect_run({.run = run_, .beside = {run_}, .partition = run_}), run_);
  nlohmann::json after = json("inspection.json");
  EXPECT_EQ(after["partition"]["run"], run_.string());
  EXPECT_FALSE(after.contains("agreement"));
  after.erase("partition");
  EXPECT_EQ(after, before);
}

TEST_F(InspectRun, needs_runs_that_take_the_same_rows) {
  train();
  const std::filesystem::path corners = run_;
  run_ = folder_ / "houses";
  write_houses();
  train(testing::houses_settings());
  put(folder_ / "test.csv", testing::corners_csv(60, 2));
  EXPECT_TRUE(contains(thrown<UserError>([&] {
                         inspect_run(
                             {.run = corners, .beside = {run_}, .data = folder_ / "test.csv"});
                       }),
                       ": trained on samples of 2; expected 4"));
  EXPECT_TRUE(contains(thrown<UserError>([&] {
                         inspect_run(
                             {.run = corners, .partition = run_, .data = folder_ / "test.csv"});
                       }),
                       ": trained on samples of 2; expected 4"));
  EXPECT_TRUE(contains(thrown<UserError>([&] { inspect_run({.run = folder_ / "gone"}); }),
                       "no such run folder"));
}

}  // namespace
}  // namespace moestro
