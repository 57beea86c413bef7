// Whole runs of a translator, on a made-up language that is another one word by word.
#include "core/stderr_capture.h"
#include "lifecycle/text_fixture.h"
#include "moestro/core/error.h"
#include "moestro/lifecycle/inspect_run.h"
#include "moestro/measure/bleu.h"
#include "store/expect_error.h"
#include "test_paths.h"
#include "thrown.h"

namespace moestro::testing {
namespace {

namespace fs = std::filesystem;

Words lines_of(const std::string& text) {
  std::istringstream lines(text);
  Words read;
  for (std::string line; std::getline(lines, line);) read.push_back(line);
  return read;
}

TEST_F(PairsTest, a_translator_learns_a_language) {
  train(until_it_is_learned());
  const nlohmann::json summary = json("summary.json");
  const double bleu = summary["bleu"];
  EXPECT_GT(bleu, 60);
  EXPECT_DOUBLE_EQ(summary["test"]["error"].get<double>(), 1 - bleu / 100);
  EXPECT_EQ(summary["bleu_lowercase"], bleu);  // there are no capitals
  for (const char* key : {"calibration_error", "hard_top1_error", "specialisation"})
    EXPECT_FALSE(summary.contains(key)) << key;
  EXPECT_EQ(other_files(), (Words{"data.json", "manifest.json", "metrics.jsonl", "recipe.toml",
                                  "summary.json", kTokenizerFile, "translations.txt"}));
  const Words translations = lines_of(get(run_ / "translations.txt"));
  ASSERT_EQ(translations.size(), 30u);
  EXPECT_DOUBLE_EQ(moestro::bleu(translations, lines_of(get(folder_ / "test.bb"))).score, bleu);
  expect_the_same_figures_again();

  put(folder_ / "new.txt", "ba de ki lo\n\nri po na\n");
  const TrainedRun run(run_);
  const Responder responder = run.responder();
  const Words found = responder.translate(run.rows(folder_ / "new.txt", "", Targets::optional));
  ASSERT_EQ(found.size(), 3u);  // an empty line is a sentence
  EXPECT_EQ(found[0], translated("ba de ki lo"));
}

TEST_F(PairsTest, translations_stand_in_the_order_of_the_lines_whatever_the_lengths) {
  train({"train.epochs=1"});
  const TrainedRun run(run_);
  const Responder responder = run.responder();
  const Dataset together = run.rows(folder_ / "test.aa", "", Targets::optional);
  const Words all = responder.translate(together);
  for (const int64_t row : {0, 7, 29})
    EXPECT_EQ(responder.translate(select_rows(together, at::tensor({row}, at::kLong))).front(),
              all[static_cast<size_t>(row)]);
}

TEST_F(PairsTest, mixture_layers_on_both_sides_are_inspected) {
  train(joined(with_mixture_layers(), {"train.epochs=2", "model.route=mean"}));
  const nlohmann::json layers = json("inspection.json")["layers"];
  ASSERT_EQ(layers.size(), 2u);
  EXPECT_EQ(layers[0]["layer"], "encoder.0");
  EXPECT_EQ(layers[0]["decisions"], 30);
  EXPECT_EQ(layers[1]["layer"], "decoder.0");
  const Dataset test = TrainedRun(run_).rows("", "", Targets::required);
  EXPECT_EQ(layers[1]["decisions"], test.targets_N.ge(0).sum().item<int64_t>() - 30);
  EXPECT_EQ(nlohmann::json(inspect_run({.run = run_}).to_json()), json("inspection.json"));
  expect_the_same_figures_again();
}

TEST_F(PairsTest, without_mixture_layers_inspection_is_of_tokens_given_the_true_ones) {
  train({"train.epochs=1"});
  const InspectedRun inspected = inspect_run({.run = run_, .data = folder_ / "val"});
  ASSERT_TRUE(inspected.scores);
  EXPECT_EQ(inspected.scores->error, json("summary.json")["valid"]["error"]);
}

TEST_F(PairsTest, smoothed_labels_do_not_change_what_is_measured) {
  train({"train.epochs=1", "train.rate=1e-9"});
  const nlohmann::json plain = json("summary.json");
  const auto train_loss = [&] {
    return nlohmann::json::parse(lines_of(get(run_ / "metrics.jsonl")).back())["train"]["loss"]
        .get<double>();
  };
  const double without = train_loss();
  train({"train.epochs=1", "train.rate=1e-9", "loss.label_smoothing=0.3"}, false, /*force=*/true);
  EXPECT_NEAR(json("summary.json")["test"]["loss"].get<double>(),
              plain["test"]["loss"].get<double>(), 1e-4);
  EXPECT_GT(std::abs(train_loss() - without), 1e-3);
}

TEST_F(PairsTest, long_and_empty_pairs_are_left_out_of_training_and_stay_to_be_measured) {
  const std::string words = "ba de ki lo mu na po ri ba de ki lo mu na po ri ba de ki lo mu na";
  const auto add = [&](const std::string& part) {
    put(folder_ / (part + ".aa"), get(folder_ / (part + ".aa")) + words + "\nba\n\nde\n");
    put(folder_ / (part + ".bb"),
        get(folder_ / (part + ".bb")) + translated(words) + "\n" + words + "\nein\n\n");
  };
  add("train");
  add("test");
  StderrCapture err;
  train({"train.epochs=1", "data.tokens=0", "data.batch=1"});
  EXPECT_TRUE(contains(err.text(), "train.aa: 2 of 304 pairs have an empty side and are left out"));
  EXPECT_EQ(json("summary.json")["steps"], 300);
  EXPECT_EQ(lines_of(get(run_ / "translations.txt")).size(), 34u);
  expect_the_same_figures_again();
  const TrainedRun run(run_);
  EXPECT_EQ(run.responder().translate(run.rows(folder_ / "test.aa", "", Targets::optional)).size(),
            34u);
}

TEST_F(PairsTest, the_recipe_of_multi30k_runs_on_the_cpu_when_it_is_made_small) {
  const fs::path folder = folder_ / "data/multi30k";
  fs::create_directories(folder);
  put_pairs(folder / "train", 60, 1, "en", "de");
  put_pairs(folder / "val", 10, 2, "en", "de");
  put_pairs(folder / "test_2016_flickr", 12, 3, "en", "de");
  RecipeDocument document;
  document.schema.parse_file(fs::path(kSourceDir) / "recipes/multi30k-en-de.toml");
  for (const char* assignment :
       {"model.width=16", "model.hidden=16", "data.rows=50", "train.epochs=2", "train.average=2",
        "data.vocabulary=50", "train.device=cpu", "train.threads=1"})
    document.schema.set(assignment);
  train_run(document, {.out = run_, .data_root = folder_ / "data"});
  const nlohmann::json summary = json("summary.json");
  EXPECT_EQ(summary["data"], "multi30k-en-de");
  EXPECT_TRUE(summary.contains("bleu"));
  EXPECT_EQ(lines_of(get(run_ / "translations.txt")).size(), 12u);
}

}  // namespace
}  // namespace moestro::testing
