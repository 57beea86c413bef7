// Transformers on texts and images through the program.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/program_fixture.h"
#include "lifecycle/made_up_texts.h"
#include "moestro/core/error.h"
#include "moestro/data/tokenizer.h"
#include "moestro/lifecycle/trained_run.h"
#include "moestro/store/json_file.h"
#include "moestro/store/safetensors.h"
#include "store/expect_error.h"

namespace moestro::testing {
namespace {

namespace fs = std::filesystem;

class TextProgram : public ProgramTest {
 protected:
  TextProgram() {
    put(folder_ / "train.tsv", reviews_tsv(120, 1));
    put(folder_ / "test.tsv", reviews_tsv(30, 2));
    put(folder_ / "toy.toml", reviews_recipe("."));
  }
  void SetUp() override {
    if (!has_tokenizer()) GTEST_SKIP() << "built without sentencepiece";
  }

  void use_pairs() {
    put_pairs(folder_ / "train", 100, 1);
    put_pairs(folder_ / "val", 10, 2);
    put_pairs(folder_ / "test", 12, 3);
    put(folder_ / "toy.toml", pairs_recipe("."));
  }

  Outcome train_with(const Words& assignments, const Words& more = {}) const {
    Words words = more;
    for (const std::string& assignment : assignments)
      words.insert(words.end(), {"--set", assignment});
    return train(words);
  }
  Outcome briefly(Words assignments = {}) const {
    assignments.push_back("train.epochs=1");
    return train_with(assignments);
  }
  Outcome predict(const std::string& data, const std::string& out) const {
    return moestro({"predict", "runs/toy", "--data", data, "--out", out});
  }

  // The message, and that no run folder is left.
  ::testing::AssertionResult refused(const std::vector<std::string>& parts) const {
    const ::testing::AssertionResult result = fails(train(), kExitUser, parts);
    if (!result || !fs::exists(folder_ / "runs")) return result;
    return ::testing::AssertionFailure() << "a run folder is left";
  }
};

TEST_F(TextProgram, an_encoder_is_trained_evaluated_reported_and_asked) {
  const Outcome trained = train();
  ASSERT_TRUE(succeeds(trained));
  EXPECT_EQ(trained.err, "report: runs/toy/report.html\n");
  EXPECT_TRUE(contains(trained.out, "test error"));
  const nlohmann::json summary = read_json_file(folder_ / "runs/toy/summary.json");
  const Outcome evaluated = moestro({"eval", "runs/toy", "--json"});
  ASSERT_TRUE(succeeds(evaluated));
  const nlohmann::json scores = nlohmann::json::parse(evaluated.out);
  EXPECT_EQ(scores["test"], summary["test"]);
  EXPECT_EQ(scores["calibration_error"], summary["calibration_error"]);
  EXPECT_EQ(scores.size(), 2u);
  EXPECT_TRUE(succeeds(moestro({"eval", "runs/toy", "--data", "train.tsv"})));
  EXPECT_TRUE(succeeds(moestro({"report", "runs/toy"})));

  put(folder_ / "new.txt", "the film was great\n\nthe plot was awful\n");
  const Outcome predicted = predict("new.txt", "out.csv");
  ASSERT_TRUE(succeeds(predicted));
  EXPECT_EQ(predicted.err,
            "new.txt: read as one text a line, without labels; under another name than .txt as "
            "tsv\nout.csv: 3 predictions\n");
  EXPECT_TRUE(contains(get(folder_ / "out.csv"), "row,prediction,probability\n0,pos,0."));
  ASSERT_TRUE(succeeds(predict("test.tsv", "out.safetensors")));
  EXPECT_EQ(SafetensorsFile(folder_ / "out.safetensors").names(),
            (Words{"predicted", "probabilities"}));
}

TEST_F(TextProgram, predictions_of_classes_are_no_text_file) {
  ASSERT_TRUE(succeeds(briefly()));
  EXPECT_TRUE(fails(predict("test.tsv", "out.txt"), kExitUser,
                    {"out.txt: unknown kind of file; expected a name that ends in .csv or "
                     ".safetensors"}));
  EXPECT_FALSE(fs::exists(folder_ / "out.txt"));
}

TEST_F(TextProgram, a_translator_writes_a_text_file) {
  use_pairs();
  ASSERT_TRUE(succeeds(briefly()));
  for (const char* name : {"out.csv", "out.safetensors", "out"})
    EXPECT_TRUE(fails(predict("test.aa", name), kExitUser,
                      {name, "expected a name that ends in .txt, for translations"}));
  const Outcome predicted = predict("test.aa", "out.txt");
  ASSERT_TRUE(succeeds(predicted));
  EXPECT_EQ(predicted.err, "out.txt: 12 predictions\n");
  EXPECT_EQ(get(folder_ / "out.txt"), get(folder_ / "runs/toy/translations.txt"));
  ASSERT_TRUE(succeeds(predict("test", "pairs.txt")));
  EXPECT_EQ(get(folder_ / "pairs.txt"), get(folder_ / "out.txt"));
}

TEST_F(TextProgram, evaluation_of_a_translator_says_bleu) {
  use_pairs();
  ASSERT_TRUE(succeeds(briefly()));
  const Outcome evaluated = moestro({"eval", "runs/toy", "--json"});
  ASSERT_TRUE(succeeds(evaluated));
  EXPECT_EQ(evaluated.err, "");
  const nlohmann::json scores = nlohmann::json::parse(evaluated.out),
                       summary = read_json_file(folder_ / "runs/toy/summary.json");
  for (const char* key : {"test", "bleu", "bleu_lowercase"}) EXPECT_EQ(scores[key], summary[key]);
  const Outcome text = moestro({"eval", "runs/toy", "--data", "val"});
  ASSERT_TRUE(succeeds(text));
  EXPECT_TRUE(contains(text.out, "bleu"));
  EXPECT_TRUE(
      fails(moestro({"eval", "runs/toy", "--data", "none"}), kExitUser, {"none.aa: no such file"}));
}

TEST_F(TextProgram, inspection_says_how_a_transformer_without_mixture_layers_does) {
  ASSERT_TRUE(succeeds(briefly()));
  const Outcome text = moestro({"inspect", "runs/toy"});
  ASSERT_TRUE(succeeds(text));
  EXPECT_TRUE(contains(text.out, "No mixture layers, hence no experts. On the 30 rows of test: "));
  const Outcome inspected = moestro({"inspect", "runs/toy", "--json"});
  ASSERT_TRUE(succeeds(inspected));
  EXPECT_EQ(nlohmann::json::parse(inspected.out)["model_error"],
            read_json_file(folder_ / "runs/toy/summary.json")["test"]["error"]);
  EXPECT_TRUE(fails(moestro({"inspect", "runs/toy", "--probe"}), kExitUser,
                    {"runs/toy: a Transformer without mixture layers; expected experts to "
                     "probe"}));
}

TEST_F(TextProgram, mixture_layers_are_inspected_in_words_and_in_json) {
  ASSERT_TRUE(succeeds(briefly(with_mixture_layers())));
  const Outcome inspected = moestro({"inspect", "runs/toy", "--json"});
  ASSERT_TRUE(succeeds(inspected));
  EXPECT_EQ(inspected.err, "");
  EXPECT_EQ(nlohmann::json::parse(inspected.out),
            read_json_file(folder_ / "runs/toy/inspection.json"));
  const Outcome text = moestro({"inspect", "runs/toy", "--data", "train.tsv"});
  ASSERT_TRUE(succeeds(text));
  EXPECT_TRUE(contains(text.out, "encoder.0"));
  const Outcome probed = moestro({"inspect", "runs/toy", "--data", "train.tsv", "--probe"});
  ASSERT_TRUE(succeeds(probed));
  EXPECT_TRUE(starts_with(
      probed.out,
      text.out + "\nEach expert for all rows of its layer, the other layers as trained"));
  EXPECT_TRUE(fails(moestro({"inspect", "runs/toy", "--beside", "runs/toy"}), kExitUser,
                    {"its model.kind is \"encoder\"; expected a mixture of whole networks"}));
}

TEST_F(TextProgram, a_study_compares_translators_by_bleu) {
  use_pairs();
  put(folder_ / "study.toml", R"([study]
recipe = "toy.toml"
seeds = 2
primary = ["two blocks", "one"]
metric = "bleu"
lower_is_better = false
columns = ["bleu_lowercase", "test.loss", "parameters"]
[study.arms]
one = []
"two blocks" = ["model.depth=2"]
[train]
epochs = 1
)");
  const Outcome outcome = moestro({"study", "study.toml", "--json"});
  ASSERT_TRUE(succeeds(outcome));
  const nlohmann::json study = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(study["metric"], "bleu");
  EXPECT_EQ(study["lower_is_better"], false);
  EXPECT_EQ(study["finished"], 4);
  for (const nlohmann::json& arm : study["arms"]) {
    const std::string folder = arm["arm"] == "one" ? "one" : "two-blocks";
    for (int seed = 0; seed < 2; ++seed) {
      const nlohmann::json summary =
          read_json_file(folder_ / fmt::format("runs/study/runs/{}-{}/summary.json", folder, seed));
      EXPECT_DOUBLE_EQ(arm["bleu"]["by_seed"][static_cast<size_t>(seed)].get<double>(),
                       summary["bleu"].get<double>());
    }
  }
}

TEST_F(TextProgram, sides_of_different_length) {
  use_pairs();
  put(folder_ / "val.bb", "ein\n");
  EXPECT_TRUE(
      refused({"val.aa has 10 lines and ", "val.bb has 1; expected as many, line by line"}));
  fs::remove(folder_ / "val.bb");
  EXPECT_TRUE(refused({"val.bb: no such file (or .gz)"}));
}

TEST_F(TextProgram, bytes_that_are_no_text) {
  put(folder_ / "train.tsv", get(folder_ / "train.tsv") + "a caf\xe9\tpos\n");
  EXPECT_TRUE(
      refused({"train.tsv:121: byte 6 is no UTF-8; expected UTF-8, or in a recipe data.encoding = "
               "\"latin-1\" for such a file"}));
  put(folder_ / "train.tsv", reviews_tsv(120, 1) + std::string("a\0b\tpos\n", 8));
  EXPECT_TRUE(refused({"train.tsv:121: byte 2 is NUL; expected a text file"}));
}

TEST_F(TextProgram, new_texts_that_are_none) {
  ASSERT_TRUE(succeeds(briefly()));
  put(folder_ / "new.txt", "fine\nbad \xff\n");
  EXPECT_TRUE(fails(predict("new.txt", "out.csv"), kExitUser, {"new.txt:2: byte 5 is no UTF-8"}));
  put(folder_ / "new.txt", "");
  EXPECT_TRUE(fails(predict("new.txt", "out.csv"), kExitUser,
                    {"new.txt: no lines; expected one text a line"}));
  EXPECT_TRUE(fails(predict("none.txt", "out.csv"), kExitUser, {"none.txt: no such file"}));
  EXPECT_TRUE(fails(moestro({"eval", "runs/toy", "--data", "new.txt"}), kExitUser, {"new.txt"}));
  EXPECT_FALSE(fs::exists(folder_ / "out.csv"));
}

TEST_F(TextProgram, texts_and_labels_that_are_missing_or_new) {
  put(folder_ / "train.tsv", reviews_tsv(120, 1) + "\tpos\n");
  EXPECT_TRUE(refused({"train.tsv:121", "an empty text; expected words"}));
  put(folder_ / "train.tsv", reviews_tsv(120, 1) + "fine\tpos\tmore\n");
  EXPECT_TRUE(refused({"train.tsv:121: "}));
  put(folder_ / "train.tsv", reviews_tsv(120, 1) + "\n\n");  // empty lines are none
  put(folder_ / "test.tsv", "fine\tneutral\n");
  EXPECT_TRUE(refused({"test.tsv:1", "neutral"}));
}

TEST_F(TextProgram, empty_sides_of_pairs_are_left_out_of_training_and_counted) {
  use_pairs();
  put(folder_ / "train.aa", get(folder_ / "train.aa") + "\nba\n");
  put(folder_ / "train.bb", get(folder_ / "train.bb") + "ein\n\n");
  const Outcome trained = briefly();
  ASSERT_TRUE(succeeds(trained));
  EXPECT_TRUE(contains(trained.err, "2 of 102 pairs have an empty side and are left out\n"));
  put(folder_ / "train.aa", "\n\n");
  put(folder_ / "train.bb", "ein\nzwo\n");
  EXPECT_TRUE(fails(train({"--out", "other"}), kExitUser, {"every pair has an empty side"}));
}

TEST_F(TextProgram, long_texts_are_cut_and_counted) {
  const Outcome trained = briefly({"data.longest=5"});
  ASSERT_TRUE(succeeds(trained));
  EXPECT_TRUE(contains(trained.err, "have more than 5 tokens (data.longest) and are cut\n"));
}

TEST_F(TextProgram, folder_of_a_run_with_another_vocabulary) {
  ASSERT_TRUE(succeeds(briefly()));
  put(folder_ / "runs/toy" / kTokenizerFile,
      Tokenizer::train({"some other texts of words", "words of texts"}, 20)->model());
  EXPECT_TRUE(fails(moestro({"eval", "runs/toy"}), kExitUser,
                    {"runs/toy/tokenizer.model: 20 pieces; expected 64"}));
  put(folder_ / "runs/toy" / kTokenizerFile, "none");
  EXPECT_TRUE(fails(predict("test.tsv", "out.csv"), kExitUser,
                    {"runs/toy/tokenizer.model: not a model of sentencepiece"}));
}

TEST_F(TextProgram, what_does_not_fit_a_transformer) {
  const auto refuses = [&](const Words& assignments, const std::string& part) {
    EXPECT_TRUE(fails(train_with(assignments), kExitUser, {part}));
    EXPECT_FALSE(fs::exists(folder_ / "runs"));
  };
  refuses({"model.kind=vit"},
          "--set: model.kind = \"vit\" does not fit the data; expected \"encoder\" for texts");
  refuses({"model.kind=mixture", "model.width=", "model.heads=", "model.depth=", "model.hidden=",
           "model.dropout=", "gate.kind=softmax", "expert.count=2"},
          "does not fit the data; expected \"encoder\" for texts");
  refuses({"expert.count=2", "gate.kind=softmax", "loss.kind=competitive"},
          "loss.kind reads what every expert");
}

}  // namespace
}  // namespace moestro::testing
