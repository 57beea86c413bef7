// Whole runs of an encoder: classes and values of texts, with and without mixture layers.
#include <cmath>
#include <set>

#include "lifecycle/text_fixture.h"
#include "moestro/core/error.h"
#include "moestro/lifecycle/inspect_run.h"
#include "moestro/lifecycle/predictions.h"
#include "store/expect_error.h"
#include "thrown.h"

namespace moestro::testing {
namespace {

namespace fs = std::filesystem;

TEST_F(ReviewsTest, an_encoder_learns_which_word_tells_the_class) {
  train();
  const nlohmann::json summary = json("summary.json");
  EXPECT_LT(summary["test"]["error"].get<double>(), .15);
  EXPECT_EQ(summary["steps"], 6 * 9);  // 160 - 16 held out, in batches of 16
  for (const char* key : {"name", "data", "seed", "device", "parameters", "seconds", "epochs",
                          "test", "valid", "calibration_error"})
    EXPECT_TRUE(summary.contains(key)) << key;
  for (const char* key : {"specialisation", "hard_top1_error", "bleu", "told_class"})
    EXPECT_FALSE(summary.contains(key)) << key;
  EXPECT_EQ(summary["data"], "train");
}

TEST_F(ReviewsTest, without_mixture_layers_the_answers_alone_are_inspected) {
  train({"train.epochs=1"});
  EXPECT_EQ(other_files(), (Words{"data.json", "manifest.json", "metrics.jsonl", "recipe.toml",
                                  "summary.json", kTokenizerFile}));
  EXPECT_EQ(Tokenizer::load(run_ / kTokenizerFile)->vocabulary(), 64);
  const nlohmann::json inspected = inspect_run({.run = run_}).to_json();
  EXPECT_TRUE(inspected["layers"].empty());
  EXPECT_EQ(inspected["rows"], 41);
  EXPECT_EQ(inspected["model_error"], json("summary.json")["test"]["error"]);
  EXPECT_EQ(inspected["model_loss"], json("summary.json")["test"]["loss"]);
  EXPECT_EQ(thrown<UserError>([&] { inspect_run({.run = run_, .probe = true}); }),
            run_.string() + ": a Transformer without mixture layers; expected experts to probe");
}

TEST_F(ReviewsTest, figures_are_the_same_when_they_are_measured_again) {
  train({"train.epochs=2"});
  expect_the_same_figures_again();
}

TEST_F(ReviewsTest, figures_of_averaged_weights_are_the_same_when_they_are_measured_again) {
  train({"train.epochs=3", "train.average=2"});
  expect_the_same_figures_again();
  const nlohmann::json averaged = json("summary.json")["test"];
  train({"train.epochs=3"}, false, /*force=*/true);
  EXPECT_NE(json("summary.json")["test"], averaged);  // of the same training, its last weights
}

TEST_F(ReviewsTest, batches_by_tokens_train_as_well) {
  train({"data.batch=", "data.tokens=60"});
  EXPECT_LT(json("summary.json")["test"]["error"].get<double>(), .15);
  EXPECT_GT(json("summary.json")["steps"].get<int>(), 6 * 9);  // of some six texts each
}

TEST_F(ReviewsTest, mixture_layers_leave_an_inspection_of_each) {
  for (const char* route : {"token", "mean"}) {
    train(joined(with_mixture_layers(),
                 {"model.depth=2", fmt::format("model.route={}", route), "train.epochs=4"}),
          false, /*force=*/true);
    const nlohmann::json inspection = json("inspection.json");
    EXPECT_EQ(inspection["schema"], 3);
    EXPECT_EQ(inspection["set"], "test");
    EXPECT_EQ(inspection["rows"], 41);
    ASSERT_EQ(inspection["layers"].size(), 2u);
    const TrainedRun run(run_);
    const Dataset rows = run.rows("", "", Targets::required);
    const int64_t tokens = rows.lengths_N().sum().item<int64_t>();
    for (const nlohmann::json& layer : inspection["layers"]) {
      EXPECT_EQ(layer["decisions"], std::string(route) == "token" ? tokens : 41);
      double usage = 0;
      for (const nlohmann::json& share : layer["usage"]) usage += share.get<double>();
      EXPECT_EQ(layer["usage"].size(), 3u);
      EXPECT_NEAR(usage, 1, 1e-12);
    }
    EXPECT_EQ(nlohmann::json(inspect_run({.run = run_}).to_json()), inspection);
    EXPECT_FALSE(json("summary.json").contains("specialisation"));
    EXPECT_FALSE(fs::exists(run_ / "owners.safetensors"));
    expect_the_same_figures_again();
  }
}

TEST_F(ReviewsTest, typical_tokens_are_named_by_their_pieces) {
  train(joined(with_mixture_layers(), {"gate.k=1", "loss.switch_balance=1"}));
  const auto tokenizer = Tokenizer::load(run_ / kTokenizerFile);
  std::set<std::string> pieces, typical;
  for (int64_t id = 0; id < tokenizer->vocabulary(); ++id) pieces.insert(tokenizer->piece(id));
  const nlohmann::json inspection =
      inspect_run({.run = run_, .data = folder_ / "train.tsv"}).to_json();
  for (const nlohmann::json& tokens : inspection["layers"][0]["tokens"])
    for (const nlohmann::json& token : tokens) typical.insert(token["token"]);
  EXPECT_GT(typical.size(), 3u);
  for (const std::string& text : typical) EXPECT_TRUE(pieces.contains(text)) << text;
}

TEST_F(ReviewsTest, mixture_layers_are_probed_where_that_is_asked_for) {
  train(joined(with_mixture_layers(), {"model.route=mean", "train.epochs=2"}));
  EXPECT_FALSE(json("inspection.json")["layers"][0].contains("probing"));
  const nlohmann::json probing =
      inspect_run({.run = run_, .probe = true}).to_json()["layers"][0]["probing"];
  const nlohmann::json test = json("summary.json")["test"];
  EXPECT_NEAR(probing["model_loss"].get<double>(), test["loss"].get<double>(), 1e-6);
  EXPECT_NEAR(probing["model_error"].get<double>(), test["error"].get<double>(), 1e-12);
  EXPECT_EQ(probing["all_loss"].size(), 3u);
  EXPECT_EQ(probing["own_loss"].size(), 3u);
  EXPECT_EQ(
      thrown<UserError>([&] { inspect_run({.run = run_, .partition = run_}); }),
      run_.string() + ": its model.kind is \"encoder\"; expected a mixture of whole networks");
}

TEST_F(ReviewsTest, runs_with_mixture_layers_are_not_compared_row_by_row) {
  train(joined(with_mixture_layers(), {"train.epochs=1"}));
  EXPECT_EQ(
      thrown<UserError>([&] { inspect_run({.run = run_, .beside = {run_}}); }),
      run_.string() + ": its model.kind is \"encoder\"; expected a mixture of whole networks");
}

TEST_F(ReviewsTest, metrics_tell_the_gates_of_each_layer) {
  train(joined(with_mixture_layers(), {"model.depth=2", "train.epochs=1"}));
  std::istringstream lines(get(run_ / "metrics.jsonl"));
  nlohmann::json last;
  for (std::string line; std::getline(lines, line);) last = nlohmann::json::parse(line);
  EXPECT_EQ(last["kind"], "epoch");
  EXPECT_FALSE(last.contains("usage"));
  ASSERT_EQ(last["layers"].size(), 2u);
  EXPECT_EQ(last["layers"][0]["layer"], "encoder.0");
  EXPECT_EQ(last["layers"][1]["layer"], "encoder.1");
  EXPECT_EQ(last["layers"][1]["usage"].size(), 3u);
}

TEST_F(ReviewsTest, values_of_texts_are_learned_in_their_own_units) {
  put(folder_ / "train.tsv", scores_tsv(240, 1));
  put(folder_ / "test.tsv", scores_tsv(40, 2));
  train({"data.task=values", "loss.kind=least_squares", "model.dropout=0", "train.epochs=12"});
  const nlohmann::json summary = json("summary.json");
  // 100, 102.5, 105 and 107.5 deviate by 2.8 from their mean.
  EXPECT_LT(summary["test"]["error"].get<double>(), 1.4);
  EXPECT_NEAR(summary["test"]["loss"].get<double>(),
              std::pow(summary["test"]["error"].get<double>(), 2), 1e-9);
  EXPECT_FALSE(summary.contains("calibration_error"));
  expect_the_same_figures_again();
  put(folder_ / "new.txt", "very very very very\n");
  const TrainedRun run(run_);
  const Dataset rows = run.rows(folder_ / "new.txt", "", Targets::optional);
  EXPECT_GT(run.evaluate(rows).predicted_N.item<double>(), 90);
}

TEST_F(ReviewsTest, answers_unlabelled_texts_one_a_line) {
  train();
  put(folder_ / "new.txt", "the film was great\nthe plot was awful\n\nlovely music\n");
  const TrainedRun run(run_);
  const Dataset rows = run.rows(folder_ / "new.txt", "", Targets::optional);
  write_predictions(folder_ / "out.csv", run.evaluate(rows), run.data());
  std::istringstream lines(get(folder_ / "out.csv"));
  Words read;
  for (std::string line; std::getline(lines, line);) read.push_back(line);
  ASSERT_EQ(read.size(), 5u);  // an empty line is a text
  EXPECT_EQ(read[0], "row,prediction,probability");
  EXPECT_TRUE(read[1].starts_with("0,pos,0.")) << read[1];
  EXPECT_TRUE(read[2].starts_with("1,neg,0.")) << read[2];
  EXPECT_TRUE(read[4].starts_with("3,pos,0.")) << read[4];
}

TEST_F(ReviewsTest, a_text_longer_than_the_longest_is_answered_as_its_beginning) {
  train({"data.longest=6", "train.epochs=2"});
  put(folder_ / "new.txt",
      "great film was a plot and its music\n"
      "great film was a plot and its music was awful and its plot was dull\n");
  const TrainedRun run(run_);
  const Tensor long_NC =
      run.evaluate(run.rows(folder_ / "new.txt", "", Targets::optional)).mixed_NC;
  EXPECT_TRUE(at::allclose(long_NC[0], long_NC[1], 1e-5, 1e-6));
  put(folder_ / "new.tsv", get(folder_ / "test.tsv"));  // none is left out
  EXPECT_EQ(run.rows(folder_ / "new.tsv", "", Targets::required).rows(), 41);
  expect_the_same_figures_again();
}

TEST_F(ReviewsTest, what_is_wrong_is_found_before_the_folder_is_touched) {
  const Settings wrong[] = {{"model.kind=vit"},
                            {"model.kind=translator"},
                            {"model.kind=mixture", "expert.count=2", "gate.kind=softmax"},
                            {"model.heads=3"},
                            {"data.vocabulary=8000"},
                            {"loss.kind=least_squares"},
                            {"loss.importance=0.1"},
                            {"loss.gate_correctness=1", "expert.count=2", "gate.kind=softmax"},
                            {"start.run=" + folder_.path().string()},
                            {"expert.layers=[\"linear classes\"]"},
                            {"train.average=2", "train.patience=2"},
                            {"gate.kind=attentive", "expert.count=2", "model.route=mean",
                             "gate.layers=[\"linear 8\", \"relu\", \"linear experts\"]"}};
  for (const Settings& settings : wrong) {
    EXPECT_THROW(train(settings), UserError) << settings.front();
    EXPECT_FALSE(fs::exists(run_)) << settings.front();
  }
}

TEST_F(ReviewsTest, a_run_that_diverges_says_so) {
  EXPECT_TRUE(contains(thrown<SystemError>([&] {
                         train({"train.optimiser=sgd", "train.rate=1e30"});
                       }),
                       "is not finite"));
  EXPECT_FALSE(fs::exists(run_ / "summary.json"));
}

TEST_F(ReviewsTest, a_tokenizer_of_another_vocabulary_is_refused_in_one_message) {
  train({"train.epochs=1"});
  const auto other = Tokenizer::train({"some other texts of words", "words of texts"}, 20);
  put(run_ / kTokenizerFile, other->model());
  EXPECT_EQ(
      thrown<UserError>([&] { TrainedRun{run_}; }),
      (run_ / kTokenizerFile).string() + ": 20 pieces; expected 64, as the run was trained with");
  fs::remove(run_ / kTokenizerFile);
  EXPECT_TRUE(contains(thrown<UserError>([&] { TrainedRun{run_}; }), kTokenizerFile));
}

TEST_F(ReviewsTest, a_tokenizer_of_as_many_other_pieces_is_refused) {
  train({"train.epochs=1"});
  put(run_ / kTokenizerFile,
      Tokenizer::train({scores_tsv(50, 3), reviews_tsv(50, 4)}, 64)->model());
  EXPECT_EQ(thrown<UserError>([&] { TrainedRun{run_}; }),
            (run_ / kTokenizerFile).string() +
                ": other word pieces; expected those that the run was trained with");
}

TEST_F(ReviewsTest, a_checkpoint_of_another_vocabulary_is_refused_by_the_tensors_name) {
  train({"train.epochs=1"});
  const fs::path first = run_;
  run_ = folder_ / "second";
  train({"train.epochs=1", "data.vocabulary=60"});
  for (const char* name : {"data.json", kTokenizerFile})
    fs::copy_file(first / name, run_ / name, fs::copy_options::overwrite_existing);
  const std::string message = thrown<UserError>([&] { TrainedRun{run_}; });
  EXPECT_TRUE(contains(message, "not a checkpoint of this model"));
  EXPECT_TRUE(contains(message, "embeddings.tokens is 1x60x16, expected 1x64x16"));
}

}  // namespace
}  // namespace moestro::testing
