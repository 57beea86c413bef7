#include "moestro/lifecycle/train_run.h"

#include <cmath>
#include <set>

#include "lifecycle/run_fixture.h"
#include "moestro/core/error.h"
#include "moestro/lifecycle/trained_run.h"
#include "moestro/store/metrics_log.h"
#include "moestro/store/run_folder.h"
#include "store/expect_error.h"
#include "thrown.h"

namespace moestro {
namespace {

namespace fs = std::filesystem;
using testing::contains;
using testing::get;
using testing::put;
using testing::same;
using testing::thrown;

class TrainRun : public testing::RunTest {
 protected:
  RunStatus status() const { return RunFolder::open(run_).manifest().status; }
};

// Diverges in its second step.
const std::vector<std::string> kDiverging = {"train.optimiser=sgd", "train.rate=1e30"};

TEST_F(TrainRun, is_rehearsed_with_rows_that_were_read_before) {
  Rehearsal rehearsal;
  const auto rehearse = [&](const std::string& change) {
    RecipeDocument document;
    document.schema.parse_text(recipe(), "toy.toml");
    document.schema.set(change);
    rehearsal.run(document, {});
  };
  rehearse("train.rate=0.01");
  std::filesystem::remove(folder_ / "train.csv");
  rehearse("train.rate=0.02");
  EXPECT_THROW(rehearse("data.validation=0.3"), UserError);
  EXPECT_THROW(rehearse("train.seed=7"), UserError);
}

TEST_F(TrainRun, leaves_the_files_of_the_run_folder_and_no_others) {
  train({"data.validation=0", "data.batch=160", "train.epochs=3"});
  std::set<std::string> names;
  for (const auto& [name, bytes] : files())
    names.insert(name.substr(0, name.find(".tfevents.")));  // the rest of that name is a date
  EXPECT_EQ(
      names,
      (std::set<std::string>{
          "checkpoints/step-00000002.safetensors", "checkpoints/step-00000002.safetensors.sha256",
          "checkpoints/step-00000003.safetensors", "checkpoints/step-00000003.safetensors.sha256",
          "data.json", "events.out", "inspection.json", "manifest.json", "metrics.jsonl",
          "owners.safetensors", "recipe.toml", "summary.json"}));
}

TEST_F(TrainRun, manifest_summary_and_metrics_tell_the_same_story) {
  train({"train.seed=7"});
  const Manifest manifest = RunFolder::open(run_).manifest();
  EXPECT_EQ(manifest.status, RunStatus::finished);
  EXPECT_EQ(manifest.seed, 7);
  EXPECT_EQ(manifest.threads, 1);
  EXPECT_LE(manifest.started, manifest.finished);
  EXPECT_EQ(manifest.data_digest.size(), 64u);

  const nlohmann::json summary = json("summary.json");
  EXPECT_EQ(summary["name"], "run");
  EXPECT_EQ(summary["seed"], 7);
  EXPECT_EQ(summary["epochs"], 4);
  EXPECT_EQ(summary["steps"], 4 * 5);  // 160 - 16 held out, in batches of 32
  EXPECT_EQ(summary["device"], manifest.device);
  // Two numbers and two colours: experts of (4 + 1) x 6 + (6 + 1) x 2, gate (4 + 1) x 8 + (8 + 1)
  // x 2.
  EXPECT_EQ(summary["parameters"], 2 * 44 + 58);

  std::vector<nlohmann::json> epochs;
  for (const nlohmann::json& record : read_metrics(run_ / "metrics.jsonl"))
    if (record["kind"] == "epoch") epochs.push_back(record);
  ASSERT_EQ(epochs.size(), 4u);
  EXPECT_EQ(epochs.back()["step"], summary["steps"]);
  EXPECT_EQ(epochs.back()["valid"], summary["valid"]);
}

TEST_F(TrainRun, stored_recipe_is_complete_and_reads_back) {
  train({"train.epochs=1", "gate.kind=noisy_topk", "gate.k=1"});
  RecipeDocument document;
  document.schema.parse_file(run_ / "recipe.toml");
  document.schema.check_effects();
  EXPECT_EQ(document.recipe.gate.k, 1);
  EXPECT_EQ(document.schema.to_toml(), get(run_ / "recipe.toml"));
}

TEST_F(TrainRun, inspection_agrees_with_the_summary) {
  train();
  const nlohmann::json inspection = json("inspection.json"), summary = json("summary.json");
  EXPECT_EQ(inspection["rows"], 60);
  EXPECT_EQ(inspection["classes"], (std::vector<std::string>{"agree", "differ"}));
  double rows = 0, right = 0;
  for (int e = 0; e < 2; ++e) {
    int64_t owned = 0;
    for (const nlohmann::json& counts : inspection["class_by_expert"])
      owned += counts[e].get<int64_t>();
    EXPECT_DOUBLE_EQ(inspection["usage"][e].get<double>(), owned / 60.);
    rows += static_cast<double>(owned);
    if (owned > 0)
      right += static_cast<double>(owned) * inspection["own_accuracy"][e].get<double>();
  }
  EXPECT_EQ(rows, 60);
  EXPECT_NEAR(summary["hard_top1_error"].get<double>(), 1 - right / 60, 1e-12);
}

TEST_F(TrainRun, owners_of_the_test_rows_agree_with_the_inspection) {
  train();
  const SafetensorsFile owners(run_ / "owners.safetensors");
  const Tensor expert_N = owners.tensor("expert");
  ASSERT_EQ(expert_N.sizes(), (std::vector<int64_t>{60}));
  const nlohmann::json usage = json("inspection.json")["usage"];
  for (int e = 0; e < 2; ++e)
    EXPECT_DOUBLE_EQ(usage[e].get<double>(), expert_N.eq(e).sum().item<double>() / 60.);
  EXPECT_EQ(owners.metadata().at("rows_digest"),
            TrainedRun(run_).rows("", "", Targets::required).digest());
}

TEST_F(TrainRun, owners_of_two_seeds_are_of_the_same_rows) {
  train({"train.seed=1"});
  const auto digest = [&] {
    return SafetensorsFile(run_ / "owners.safetensors").metadata().at("rows_digest");
  };
  const std::string first = digest();
  train({"train.seed=2"}, /*resume=*/false, /*force=*/true);
  EXPECT_EQ(digest(), first);  // other rows are held out for validation: the test rows stay
}

TEST_F(TrainRun, images_leave_the_pixels_of_the_samples_that_inspection_lists) {
  const fs::path set = folder_ / "set";
  testing::put_images(set, "train", 60, 8, 3);
  testing::put_images(set, "t10k", 30, 8, 3);
  train(testing::image_settings(set));
  const nlohmann::json inspection = json("inspection.json");
  const SafetensorsFile pixels(run_ / "samples.safetensors");
  const Tensor images = TrainedRun(run_).rows("", "", Targets::required).inputs;
  ASSERT_EQ(inspection["samples"].size(), 2u);
  for (int e = 0; e < 2; ++e) {
    const Tensor shown = pixels.tensor(fmt::format("expert_{}", e));
    nlohmann::json samples = inspection["samples"][e]["most_typical"];
    for (const nlohmann::json& sample : inspection["samples"][e]["least_typical"])
      samples.push_back(sample);
    ASSERT_EQ(shown.sizes(), (std::vector<int64_t>{int64_t(samples.size()), 1, 8, 8}));
    for (size_t i = 0; i < samples.size(); ++i)
      EXPECT_TRUE(at::equal(shown[int64_t(i)], images[samples[i]["row"].get<int64_t>()]));
  }
}

TEST_F(TrainRun, regression_speaks_in_the_units_of_the_target) {
  write_houses();
  std::vector<std::string> settings = testing::houses_settings();
  settings.push_back("train.epochs=30");
  train(settings);
  const TrainedRun run(run_);
  const Dataset rows = run.rows("", "", Targets::required);
  const Tensor wrong_N = run.evaluate(rows).predicted_N - rows.targets_N;
  const double rmse = std::sqrt(wrong_N.to(at::kDouble).square().mean().item<double>());
  const nlohmann::json summary = json("summary.json");
  EXPECT_DOUBLE_EQ(summary["test"]["error"].get<double>(), rmse);
  EXPECT_GT(rmse, 100);    // no standardised units
  EXPECT_LT(rmse, 60000);  // better than the mean price, whose error is about 90,000
  EXPECT_FALSE(summary.contains("hard_top1_error"));
  EXPECT_TRUE(summary["specialisation"].contains("usage_entropy"));
  EXPECT_FALSE(summary["specialisation"].contains("mutual_information"));
  EXPECT_FALSE(json("inspection.json").contains("classes"));
}

TEST_F(TrainRun, one_expert_alone_has_no_specialisation) {
  train({"expert.count=1", "gate.kind=fixed", "gate.layers=", "loss.importance="});
  EXPECT_FALSE(json("summary.json").contains("specialisation"));
  EXPECT_EQ(json("inspection.json")["usage"], std::vector<double>{1});
}

TEST_F(TrainRun, seed_decides_the_weights) {
  train({"train.seed=1"});
  const auto first = last_weights();
  train({"train.seed=1"}, false, /*force=*/true);
  EXPECT_TRUE(same(first, last_weights()));
  train({"train.seed=2"}, false, /*force=*/true);
  EXPECT_FALSE(same(first, last_weights()));
}

TEST_F(TrainRun, run_folder_that_exists_is_refused_before_data_are_read_and_left_alone) {
  train({"train.epochs=1"});
  const auto before = files();
  fs::remove(folder_ / "train.csv");
  EXPECT_EQ(thrown<UserError>([&] { train(); }),
            run_.string() + " exists; use --force to replace it or --resume to go on");
  EXPECT_EQ(files(), before);
}

TEST_F(TrainRun, force_replaces_a_run_and_nothing_else) {
  train({"train.epochs=2"});
  put(run_ / "samples.safetensors", "of the run before");
  train({"train.epochs=1"}, false, /*force=*/true);
  EXPECT_EQ(json("summary.json")["epochs"], 1);
  EXPECT_FALSE(fs::exists(run_ / "samples.safetensors"));

  fs::remove_all(run_);
  fs::create_directory(run_);
  put(run_ / "thesis.txt", "three years of work");
  EXPECT_TRUE(contains(thrown<UserError>([&] { train({}, false, true); }), "not a run folder"));
  EXPECT_EQ(files(), (std::map<std::string, std::string>{{"thesis.txt", "three years of work"}}));
}

TEST_F(TrainRun, finished_run_that_is_resumed_stays_as_it_is) {
  train();
  const auto before = files();
  const auto written = fs::last_write_time(run_ / "summary.json");
  train({}, /*resume=*/true);
  EXPECT_EQ(files(), before);
  EXPECT_EQ(fs::last_write_time(run_ / "summary.json"), written);
}

TEST_F(TrainRun, resume_without_a_run_begins_one) {
  train({"train.epochs=1"}, /*resume=*/true);
  EXPECT_EQ(status(), RunStatus::finished);
}

TEST_F(TrainRun, resume_with_another_recipe_names_the_line_that_differs) {
  train();
  const auto before = files();
  EXPECT_EQ(thrown<UserError>([&] { train({"train.rate=0.5"}, /*resume=*/true); }),
            run_.string() +
                ": the run there has another recipe; expected the same to --resume "
                "(here: rate = 0.5, there: rate = 0.02)");
  EXPECT_EQ(files(), before);
}

TEST_F(TrainRun, resume_with_other_data_is_refused) {
  EXPECT_THROW(train(kDiverging), SystemError);
  put(folder_ / "train.csv", testing::corners_csv(160, 3));
  const auto before = files();
  EXPECT_TRUE(contains(thrown<UserError>([&] { train(kDiverging, /*resume=*/true); }),
                       "the data are not those that the run was begun with"));
  EXPECT_EQ(files(), before);
}

TEST_F(TrainRun, what_is_wrong_with_recipe_or_data_is_found_before_the_folder_is_touched) {
  const std::vector<std::string> wrong[] = {
      {"expert.layers=[\"linear 0\"]"},
      {"expert.layers=[\"linear 3\"]"},
      {"gate.kind=noisy_topk", "gate.k=5"},
      {"mixture.output=values"},
      {"data.path=/nowhere.csv"},
      {"data.target=price"},
      {"data.augment=[\"flip\"]"},
      {"data.rows=1000"},
      {"train.device=cuda", "train.precision=float32", "data.path=/nowhere.csv"},
      {"data.validation=0", "train.patience=3"}};
  for (const auto& settings : wrong) {
    EXPECT_THROW(train(settings), UserError) << settings.front();
    EXPECT_FALSE(fs::exists(run_)) << settings.front();
  }
  put(folder_ / "train.csv", "x,y,colour,label\n1,2,red,agree\n1,nan,red,differ\n1,2\n");
  EXPECT_TRUE(contains(thrown<UserError>([&] { train(); }), "train.csv:4"));
  EXPECT_FALSE(fs::exists(run_));
}

TEST_F(TrainRun, patience_ends_with_the_best_weights) {
  train({"train.patience=1", "train.epochs=50", "train.rate=0.3"});
  const nlohmann::json summary = json("summary.json");
  EXPECT_LT(summary["epochs"], 50);
  double least = 1e9, last = 0;
  for (const nlohmann::json& record : read_metrics(run_ / "metrics.jsonl")) {
    if (record["kind"] != "epoch") continue;
    last = record["valid"]["loss"];
    least = std::min(least, last);
  }
  EXPECT_LT(least, last);
  EXPECT_DOUBLE_EQ(summary["valid"]["loss"].get<double>(), least);
}

TEST_F(TrainRun, loss_that_is_not_finite_names_step_and_term_and_keeps_a_checkpoint) {
  EXPECT_EQ(thrown<SystemError>([&] { train(kDiverging); }),
            "step 2: the loss is not finite (term \"expectation\"); the checkpoint of step 1 is "
            "kept; a lower train.rate, or train.clip, may help");
  const Manifest manifest = RunFolder::open(run_).manifest();
  EXPECT_EQ(manifest.status, RunStatus::failed);
  EXPECT_FALSE(manifest.finished.empty());
  EXPECT_EQ(CheckpointStore(run_ / "checkpoints").latest().value().step, 1);
  EXPECT_FALSE(fs::exists(run_ / "summary.json"));
}

TEST_F(TrainRun, weights_that_run_away_in_the_last_step_give_no_summary) {
  std::vector<std::string> settings = kDiverging;
  settings.insert(settings.end(), {"data.batch=160", "train.epochs=1"});
  EXPECT_TRUE(contains(thrown<SystemError>([&] { train(settings); }),
                       "the answers for 60 of 60 rows are not finite"));
  EXPECT_EQ(status(), RunStatus::failed);
  EXPECT_FALSE(fs::exists(run_ / "summary.json"));
}

TEST_F(TrainRun, what_shows_only_in_a_training_step_is_found_before_a_run_is_replaced) {
  train();
  const std::map<std::string, std::string> before = files();
  const std::string layers =
      "expert.layers=[\"linear 4\", \"batchnorm\", \"relu\", \"linear classes\"]";
  EXPECT_THROW(train({layers, "gate.kind=noisy_topk", "gate.k=1"}, false, /*force=*/true),
               UserError);
  EXPECT_THROW(train({layers, "data.batch=1"}, false, /*force=*/true), UserError);
  EXPECT_THROW(train({"loss.similarity_same=1", "data.batch=1"}, false, /*force=*/true), UserError);
  EXPECT_THROW(train({"loss.gate_distillation=1"}, false, /*force=*/true), UserError);
  EXPECT_EQ(files(), before);
}

TEST_F(TrainRun, a_last_row_without_pairs_is_left_out_where_samples_are_compared) {
  const std::vector<std::string> settings = {"data.validation=0", "data.batch=53"};  // of 160 rows
  train(settings);
  EXPECT_EQ(json("summary.json")["steps"], 4 * 4);
  std::vector<std::string> compared = settings;
  compared.push_back("loss.similarity_same=0.1");
  train(compared, false, /*force=*/true);
  EXPECT_EQ(json("summary.json")["steps"], 4 * 3);
}

}  // namespace
}  // namespace moestro
