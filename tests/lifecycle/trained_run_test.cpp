#include "moestro/lifecycle/trained_run.h"

#include "core/stderr_capture.h"
#include "lifecycle/run_fixture.h"
#include "moestro/core/error.h"
#include "moestro/lifecycle/inspection.h"
#include "moestro/lifecycle/summary.h"
#include "store/expect_error.h"
#include "thrown.h"

namespace moestro {
namespace {

namespace fs = std::filesystem;
using testing::contains;
using testing::get;
using testing::put;
using testing::thrown;

using TrainedRunTest = testing::RunTest;

TEST_F(TrainedRunTest, answers_as_its_summary_and_inspection_say) {
  train();
  const TrainedRun run(run_);
  const Dataset rows = run.rows("", "", Targets::required);
  const Evaluation evaluation = run.evaluate(rows, /*experts=*/true);
  const nlohmann::json scores = figures(evaluation, rows).to_json(), summary = json("summary.json");
  for (const auto& [key, value] : scores.items()) EXPECT_EQ(value, summary[key]) << key;
  const nlohmann::json inspected =
      inspect(evaluation, rows, run.data().normaliser, "test").to_json();
  EXPECT_EQ(inspected, json("inspection.json"));
}

TEST_F(TrainedRunTest, of_some_classes_leaves_out_the_rows_of_others) {
  testing::put_images(folder_ / "set", "train", 60, 8, 3);
  testing::put_images(folder_ / "set", "t10k", 12, 8, 3);
  Settings settings = testing::image_settings(folder_ / "set");
  settings.insert(settings.end(), {"data.classes=[\"2\", \"0\"]", "train.epochs=1"});
  train(settings);
  const TrainedRun run(run_);
  EXPECT_EQ(run.model().output(), OutputKind::probabilities);
  for (const std::string& what : {std::string(), (folder_ / "set").string()}) {
    const Dataset rows = run.rows(what, "", Targets::required);
    EXPECT_EQ(rows.class_names, (std::vector<std::string>{"2", "0"}));
    EXPECT_EQ(rows.class_counts(), (std::vector<int64_t>{4, 4}));
    const Evaluation evaluation = run.evaluate(rows, /*experts=*/true);
    EXPECT_EQ(evaluation.mixed_NC.sizes(), (Shape{8, 2}));
    EXPECT_EQ(figures(evaluation, rows).to_json()["test"], json("summary.json")["test"]);
  }
}

TEST_F(TrainedRunTest, best_weights_answer_for_a_run_with_patience) {
  train({"train.patience=1", "train.epochs=50", "train.rate=0.3"});
  const TrainedRun run(run_);
  const Dataset rows = run.rows("", "", Targets::required);
  EXPECT_EQ(figures(run.evaluate(rows, true), rows).to_json()["test"],
            json("summary.json")["test"]);
}

TEST_F(TrainedRunTest, reads_other_rows_as_the_training_rows_were_read) {
  train();
  const TrainedRun run(run_);
  put(folder_ / "new.csv", "label,y,x,colour\nagree,1,1,red\ndiffer,-1,1,green\n");
  const Dataset rows = run.rows(folder_ / "new.csv", "", Targets::required);
  EXPECT_EQ(rows.rows(), 2);
  EXPECT_EQ(rows.class_names, (std::vector<std::string>{"agree", "differ"}));
  EXPECT_EQ(rows.targets_N[1].item<int64_t>(), 1);
}

TEST_F(TrainedRunTest, rows_without_targets_will_do_where_none_are_needed) {
  train();
  const TrainedRun run(run_);
  put(folder_ / "new.csv", "x,y,colour\n1,1,red\n");
  EXPECT_EQ(run.evaluate(run.rows(folder_ / "new.csv", "", Targets::optional)).predicted_N.size(0),
            1);
  EXPECT_TRUE(contains(
      thrown<UserError>([&] { run.rows(folder_ / "new.csv", "", Targets::required); }), "label"));
}

TEST_F(TrainedRunTest, refuses_categories_and_labels_it_was_not_trained_with) {
  train();
  const TrainedRun run(run_);
  put(folder_ / "new.csv", "x,y,colour,label\n1,1,red,agree\n1,1,violet,agree\n");
  const std::string message =
      thrown<UserError>([&] { run.rows(folder_ / "new.csv", "", Targets::required); });
  EXPECT_TRUE(contains(message, "new.csv:3"));
  EXPECT_TRUE(contains(message, "violet"));
  put(folder_ / "new.csv", "x,y,colour,label\n1,1,red,perhaps\n");
  EXPECT_TRUE(contains(
      thrown<UserError>([&] { run.rows(folder_ / "new.csv", "", Targets::required); }), "perhaps"));
}

TEST_F(TrainedRunTest, folder_without_run_or_checkpoint_is_refused) {
  EXPECT_TRUE(
      contains(thrown<UserError>([&] { TrainedRun(folder_ / "none"); }), "no such run folder"));
  EXPECT_TRUE(contains(thrown<UserError>([&] { TrainedRun(folder_.path()); }), "not a run folder"));
  train();
  fs::remove_all(run_ / "checkpoints");
  EXPECT_TRUE(contains(thrown<UserError>([&] { TrainedRun{run_}; }), "no checkpoint is whole"));
  const RunFolder folder = RunFolder::open(run_);
  Manifest manifest = folder.manifest();
  manifest.status = RunStatus::interrupted;
  folder.write(manifest);
  EXPECT_TRUE(contains(thrown<UserError>([&] { TrainedRun{run_}; }), "has no checkpoint yet"));
}

TEST_F(TrainedRunTest, checkpoint_of_other_shapes_names_the_tensors) {
  train();
  std::string recipe = get(run_ / "recipe.toml");
  recipe.replace(recipe.find("linear 6"), 8, "linear 7");
  put(run_ / "recipe.toml", recipe);
  const std::string message = thrown<UserError>([&] { TrainedRun{run_}; });
  EXPECT_TRUE(contains(message, "not a checkpoint of this model"));
  EXPECT_TRUE(contains(message, "experts."));
}

TEST_F(TrainedRunTest, damaged_checkpoint_is_passed_over_with_a_warning) {
  train({"train.epochs=2"});
  const fs::path newest = run_ / "checkpoints" / "step-00000010.safetensors";
  std::string bytes = get(newest);
  bytes.back() ^= 1;
  put(newest, bytes);
  testing::StderrCapture err;
  const TrainedRun run(run_);
  EXPECT_TRUE(contains(err.text(), "step-00000010.safetensors: damaged or half written"));
}

TEST_F(TrainedRunTest, unfinished_run_answers_with_its_newest_checkpoint_and_says_so) {
  EXPECT_THROW(train({"train.optimiser=sgd", "train.rate=1e30"}), SystemError);
  set_log_level(LogLevel::info);
  testing::StderrCapture err;
  const TrainedRun run(run_);
  EXPECT_TRUE(contains(err.text(), "the run is not finished; these are the weights after step 1"));
  const Dataset rows = run.rows("", "", Targets::required);
  EXPECT_TRUE(contains(thrown<SystemError>([&] { run.evaluate(rows); }), "not finite"));
}

TEST_F(TrainedRunTest, its_own_test_rows_are_those_of_its_training_or_none) {
  train();
  put(folder_ / "test.csv", testing::corners_csv(50, 7));
  const TrainedRun run(run_);
  EXPECT_TRUE(contains(thrown<UserError>([&] { run.rows("", "", Targets::required); }),
                       "the data are not those that the run was trained with"));
  EXPECT_EQ(run.rows((folder_ / "test.csv").string(), "", Targets::required).rows(), 50);
}

}  // namespace
}  // namespace moestro
