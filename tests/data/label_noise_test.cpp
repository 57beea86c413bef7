#include "moestro/data/label_noise.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "data/files_fixture.h"
#include "moestro/core/error.h"
#include "moestro/data/source.h"
#include "thrown.h"

namespace moestro::testing {
namespace {

// Classes after the noise; row n had the class n mod `classes`.
Tensor noisy(int64_t rows, int64_t classes, double share, uint64_t seed) {
  Dataset set = image_set(rows, 1, 1, classes);
  add_label_noise(set, share, seed);
  return set.targets_N;
}

Tensor clean(int64_t rows, int64_t classes) {
  return at::arange(rows, at::kLong).remainder(classes);
}

int64_t changed(const Tensor& targets_N, int64_t classes) {
  return targets_N.ne(clean(targets_N.size(0), classes)).sum().item<int64_t>();
}

TEST(LabelNoise, changes_exactly_the_share_and_every_changed_class_is_another) {
  EXPECT_EQ(changed(noisy(90, 3, .1, 1), 3), 9);
  EXPECT_EQ(changed(noisy(10, 2, .25, 1), 2), 3);  // round(2.5)
  EXPECT_EQ(changed(noisy(97, 10, .999, 1), 10), 97);
  EXPECT_EQ(changed(noisy(10, 4, 0, 1), 4), 0);
}

TEST(LabelNoise, that_changes_no_row_is_refused) {
  EXPECT_EQ(thrown<UserError>([] { noisy(10, 2, .04, 1); }),
            "data.label_noise = 0.04 changes none of 10 rows; expected a larger share, or 0");
}

TEST(LabelNoise, draws_each_of_the_other_classes_alike) {
  const int64_t rows = 40000, classes = 5;
  const Tensor shift_N = (noisy(rows, classes, .999, 1) - clean(rows, classes)).remainder(classes);
  const Ints counts = list(at::bincount(shift_N, {}, classes));
  EXPECT_EQ(counts[0], 40);
  // Four deviations of a binomial draw of 1 in 4.
  for (int64_t c = 1; c < classes; ++c) EXPECT_NEAR(counts[c], 9990, 346);
}

TEST(LabelNoise, is_the_same_for_a_seed_and_another_for_another) {
  EXPECT_TRUE(at::equal(noisy(60, 3, .5, 1), noisy(60, 3, .5, 1)));
  const auto rows_of = [](uint64_t seed) { return noisy(60, 3, .5, seed).ne(clean(60, 3)); };
  EXPECT_FALSE(at::equal(rows_of(1), rows_of(2)));
}

TEST(LabelNoise, of_a_smaller_share_is_part_of_that_of_a_larger_one) {
  const Tensor few_N = noisy(60, 5, .2, 1), many_N = noisy(60, 5, .6, 1);
  const Tensor wrong_N = few_N.ne(clean(60, 5));
  EXPECT_TRUE(at::equal(few_N.masked_select(wrong_N), many_N.masked_select(wrong_N)));
}

class LabelNoiseOfSets : public ::testing::Test {
 protected:
  DataConfig own(const std::string& name, const std::string& text, const std::string& format) {
    put(folder_ / name, text);
    DataConfig config;
    config.path = folder_ / name;
    config.format = format;
    return config;
  }

  DataConfig table(const Strings& targets) {
    std::string text = "x,y\n";
    for (size_t i = 0; i < 100; ++i) text += fmt::format("{},{}\n", i, targets[i % targets.size()]);
    return own("rows.csv", text, "csv");
  }

  std::string error_of(DataConfig config) {
    config.label_noise = .2;
    return thrown<UserError>([&] { load_data(config, {}, 1); });
  }

  void expect_wrong_training_rows_only(DataConfig config) {
    const DataSource before = load_data(config, {}, 1);
    config.label_noise = .25;
    const DataSource after = load_data(config, {}, 1);
    const int64_t wrong = after.train.targets_N.ne(before.train.targets_N).sum().item<int64_t>();
    EXPECT_EQ(wrong, std::llround(.25 * static_cast<double>(before.train.rows())));
    EXPECT_TRUE(at::equal(after.train.inputs, before.train.inputs));
    EXPECT_GT(before.valid.rows(), 0);
    EXPECT_EQ(after.valid.digest(), before.valid.digest());
    EXPECT_EQ(after.test.digest(), before.test.digest());
    EXPECT_EQ(after.normaliser, before.normaliser);
    EXPECT_NE(after.digest(), before.digest());
  }

  TemporaryFolder folder_;
};

TEST_F(LabelNoiseOfSets, of_images_stays_out_of_validation_and_test_rows) {
  put_idx_set(folder_.path(), "train", 60);
  put_idx_set(folder_.path(), "t10k", 6);
  DataConfig config;
  config.path = folder_.path();
  config.format = "idx";
  expect_wrong_training_rows_only(config);
}

TEST_F(LabelNoiseOfSets, of_tables_stays_out_of_validation_and_test_rows) {
  expect_wrong_training_rows_only(table({"a", "b", "c"}));
}

TEST_F(LabelNoiseOfSets, of_texts_stays_out_of_validation_and_test_rows) {
  if (!has_tokenizer()) GTEST_SKIP() << "built without sentencepiece";
  std::string lines = "text\tlabel\n";
  for (int i = 0; i < 100; ++i)
    lines += fmt::format("a text that says {}\t{}\n", i, i % 2 ? "yes" : "no");
  DataConfig config = own("rows.tsv", lines, "tsv");
  config.vocabulary = 40;
  expect_wrong_training_rows_only(config);
}

TEST_F(LabelNoiseOfSets, of_values_is_refused) {
  EXPECT_EQ(error_of(table({"0.5", "2.5"})),
            "data.label_noise = 0.2: the targets of rows are values; expected classes");
}

TEST_F(LabelNoiseOfSets, of_translations_is_refused) {
  if (!has_tokenizer()) GTEST_SKIP() << "built without sentencepiece";
  std::string lines;
  for (int i = 0; i < 40; ++i) lines += fmt::format("some words {}\n", i);
  put(folder_ / "pairs.de", lines);
  put(folder_ / "pairs.en", lines);
  DataConfig pairs;
  pairs.path = folder_ / "pairs";
  pairs.format = "parallel";
  pairs.languages = {"de", "en"};
  pairs.vocabulary = 40;
  EXPECT_EQ(error_of(pairs),
            "data.label_noise = 0.2: the targets of pairs are translations; expected classes");
}

}  // namespace
}  // namespace moestro::testing
