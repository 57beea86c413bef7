// Runs on texts that are resumed.
#include "lifecycle/text_fixture.h"
#include "moestro/core/error.h"
#include "moestro/store/run_folder.h"
#include "store/expect_error.h"
#include "thrown.h"

namespace moestro::testing {
namespace {

namespace fs = std::filesystem;

// As a run leaves its folder that is stopped at the end of its `checkpoint`-th epoch, when every
// epoch's checkpoint was kept.
void stop_after(const fs::path& folder, size_t epochs) {
  const RunFolder run = RunFolder::open(folder);
  const CheckpointStore checkpoints(run.checkpoints_path(), 100);
  const std::vector<int64_t> steps = checkpoints.steps();
  for (size_t i = epochs; i < steps.size(); ++i) {
    fs::remove(checkpoints.path(steps[i]));
    fs::remove(checkpoints.path(steps[i]).string() + ".sha256");
  }
  Manifest manifest = run.manifest();
  manifest.status = RunStatus::interrupted;
  run.write(manifest);
  for (const char* name : {"summary.json", "inspection.json", "translations.txt"})
    fs::remove(folder / name);
}

const Words kKeepAll = {"train.epochs=4", "train.keep=100"};

// What a resumed run must leave as one in peace: all but times.
struct Left {
  std::map<std::string, Tensor> weights;
  nlohmann::json summary;
};

class TextResume : public ReviewsTest {
 protected:
  Left left() const {
    Left left{last_weights(), json("summary.json")};
    left.summary.erase("seconds");
    return left;
  }

  void expect_the_same_after_each_stop(const Settings& settings) {
    train(settings);
    const Left peace = left();
    for (const size_t epochs : {3, 1}) {
      stop_after(run_, epochs);
      train(settings, /*resume=*/true);
      EXPECT_TRUE(same(left().weights, peace.weights)) << epochs;
      EXPECT_EQ(left().summary, peace.summary) << epochs;
    }
  }
};

TEST_F(TextResume, of_an_encoder_ends_in_the_same_weights) {
  expect_the_same_after_each_stop(joined(kKeepAll, {"data.batch=", "data.tokens=100"}));
}

TEST_F(TextResume, with_averaged_weights_ends_in_the_same_mean) {
  expect_the_same_after_each_stop(joined(kKeepAll, {"train.average=3"}));
}

TEST_F(TextResume, of_mixture_layers_with_a_balance_bias_ends_in_the_same_weights) {
  expect_the_same_after_each_stop(
      joined(kKeepAll, {"expert.count=3", "gate.kind=sigmoid", "gate.k=1", "model.shared=1"}));
}

class PairsResume : public TextResume {
 protected:
  PairsResume() {
    put_pairs(folder_ / "train", 100, 1);
    put_pairs(folder_ / "val", 10, 2);
    put_pairs(folder_ / "test", 10, 3);
  }
  std::string recipe() const override { return pairs_recipe(folder_.path()); }
};

TEST_F(PairsResume, of_a_translator_ends_in_the_same_weights_and_translations) {
  expect_the_same_after_each_stop(
      joined(kKeepAll, {"train.average=2", "loss.label_smoothing=0.1"}));
}

TEST_F(TextResume, takes_its_own_tokenizer) {
  train(kKeepAll);
  const fs::path own = folder_ / "own.model";
  fs::copy_file(run_ / kTokenizerFile, own);
  run_ = folder_ / "second";
  const Settings settings =
      joined(kKeepAll, {"data.tokenizer=" + own.string(), "data.vocabulary="});
  train(settings);
  const Left peace = left();
  stop_after(run_, 2);
  fs::remove(own);
  train(settings, /*resume=*/true);
  EXPECT_TRUE(same(left().weights, peace.weights));
}

TEST_F(TextResume, does_not_train_the_tokenizer_anew) {
  train(kKeepAll);
  stop_after(run_, 2);
  put(run_ / kTokenizerFile,
      Tokenizer::train({scores_tsv(50, 3), reviews_tsv(50, 4)}, 64)->model());
  EXPECT_TRUE(contains(thrown<UserError>([&] { train(kKeepAll, /*resume=*/true); }),
                       "the data are not those that the run was begun with"));
}

TEST_F(TextResume, refuses_other_texts) {
  train(kKeepAll);
  stop_after(run_, 2);
  put(folder_ / "train.tsv", reviews_tsv(160, 9));
  const auto before = files();
  EXPECT_TRUE(contains(thrown<UserError>([&] { train(kKeepAll, /*resume=*/true); }),
                       "the data are not those that the run was begun with"));
  EXPECT_EQ(files(), before);
}

TEST_F(TextResume, before_the_first_checkpoint_starts_over_with_the_texts_of_now) {
  train(kKeepAll);
  stop_after(run_, 0);
  put(folder_ / "train.tsv", reviews_tsv(160, 9) + "zebras zoom\tpos\n");
  train(kKeepAll, /*resume=*/true);
  const Left resumed = left();
  const std::string tokenizer = get(run_ / kTokenizerFile);
  train(kKeepAll, false, /*force=*/true);
  EXPECT_EQ(get(run_ / kTokenizerFile), tokenizer);
  EXPECT_TRUE(same(left().weights, resumed.weights));
  EXPECT_EQ(left().summary, resumed.summary);
}

}  // namespace
}  // namespace moestro::testing
