// Whole runs of Transformers on made-up texts and images, in a folder of the test's own.
#pragma once

#include "lifecycle/made_up_texts.h"
#include "lifecycle/run_fixture.h"
#include "moestro/data/tokenizer.h"
#include "moestro/lifecycle/summary.h"
#include "moestro/lifecycle/trained_run.h"

namespace moestro::testing {

class TextTest : public RunTest {
 protected:
  void SetUp() override {
    if (!has_tokenizer()) GTEST_SKIP() << "built without sentencepiece";
  }

  static Settings joined(Settings settings, const Settings& more) {
    settings.insert(settings.end(), more.begin(), more.end());
    return settings;
  }

  // The figures of summary.json, measured again.
  void expect_the_same_figures_again() const {
    const TrainedRun run(run_);
    const nlohmann::json scores =
        figures(run.responder(), run.rows("", "", Targets::required)).to_json();
    const nlohmann::json summary = json("summary.json");
    EXPECT_FALSE(scores.empty());
    for (const auto& [key, value] : scores.items()) EXPECT_EQ(value, summary[key]) << key;
  }

  // The names of the run folder's files, but for checkpoints and events.
  std::vector<std::string> other_files() const {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : files())
      if (!name.starts_with("checkpoints/") && !name.starts_with("events.")) names.push_back(name);
    return names;
  }
};

class ReviewsTest : public TextTest {
 protected:
  ReviewsTest() {
    put(folder_ / "train.tsv", reviews_tsv(160, 1));
    put(folder_ / "test.tsv", reviews_tsv(41, 2));
  }
  std::string recipe() const override { return reviews_recipe(folder_.path()); }
};

class PairsTest : public TextTest {
 protected:
  PairsTest() {
    put_pairs(folder_ / "train", 300, 1);
    put_pairs(folder_ / "val", 20, 2);
    put_pairs(folder_ / "test", 30, 3);
  }
  std::string recipe() const override { return pairs_recipe(folder_.path()); }
};

}  // namespace moestro::testing
