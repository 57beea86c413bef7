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
                       "takes samples of "));
  EXPECT_TRUE(contains(thrown<UserError>([&] { inspect_run({.run = folder_ / "gone"}); }),
                       "no such run folder"));
}

}  // namespace
}  // namespace moestro
