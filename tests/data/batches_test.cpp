#include "moestro/data/batches.h"

#include <algorithm>
#include <numeric>

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "data/files_fixture.h"

namespace moestro::testing {
namespace {

const Augmentation& both() {
  static const Augmentation augmentation = Augmentation::parse({"flip", "crop 1"});
  return augmentation;
}

BatchOptions options_of(int64_t batch, bool prefetch = true, uint64_t seed = 1) {
  BatchOptions options;
  options.batch = batch;
  options.prefetch = prefetch;
  options.seed = seed;
  return options;
}

std::vector<Batch> rest_of(Batches& batches) {
  std::vector<Batch> all;
  while (std::optional<Batch> batch = batches.next()) all.push_back(*batch);
  return all;
}

std::vector<Batch> epoch_of(const Dataset& set, const BatchOptions& options, int64_t epoch,
                            int64_t first = 0) {
  Batches batches(set, Normaliser::fit(set), options, both());
  batches.start(epoch, first);
  return rest_of(batches);
}

void expect_same(const std::vector<Batch>& a, const std::vector<Batch>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_TRUE(at::equal(a[i].inputs, b[i].inputs)) << "batch " << i;
    EXPECT_TRUE(at::equal(a[i].targets_N, b[i].targets_N)) << "batch " << i;
    EXPECT_TRUE(at::equal(a[i].rows_N, b[i].rows_N)) << "batch " << i;
  }
}

std::vector<int64_t> rows_of(const std::vector<Batch>& batches) {
  std::vector<int64_t> rows;
  for (const Batch& batch : batches)
    for (const int64_t row : list(batch.rows_N)) rows.push_back(row);
  return rows;
}

TEST(Batches, an_epoch_holds_every_row_once_with_its_inputs_and_target) {
  const Dataset set = image_set(23);
  const Normaliser normaliser = Normaliser::fit(set);
  Batches batches(set, normaliser, options_of(5));
  EXPECT_EQ(batches.steps_per_epoch(), 5);
  batches.start(0);
  const std::vector<Batch> all = rest_of(batches);
  ASSERT_EQ(all.size(), 5u);
  EXPECT_EQ(all[4].inputs.size(0), 3);
  for (const Batch& batch : all) {
    EXPECT_TRUE(
        at::equal(batch.inputs, normaliser.apply(set.inputs.index_select(0, batch.rows_N))));
    EXPECT_TRUE(at::equal(batch.targets_N, set.targets_N.index_select(0, batch.rows_N)));
  }
  std::vector<int64_t> rows = rows_of(all), expected(23);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_NE(rows, expected);
  std::sort(rows.begin(), rows.end());
  EXPECT_EQ(rows, expected);
}

TEST(Batches, prefetching_changes_nothing) {
  const Dataset set = image_set(50);
  expect_same(epoch_of(set, options_of(8, true), 3), epoch_of(set, options_of(8, false), 3));
}

TEST(Batches, an_epoch_goes_on_in_its_middle) {
  const Dataset set = image_set(50);
  for (const bool prefetch : {true, false}) {
    std::vector<Batch> whole = epoch_of(set, options_of(8, prefetch), 2);
    whole.erase(whole.begin(), whole.begin() + 4);
    expect_same(epoch_of(set, options_of(8, prefetch), 2, 4), whole);
  }
}

TEST(Batches, a_start_drops_what_was_running) {
  const Dataset set = image_set(50);
  Batches batches(set, Normaliser::fit(set), options_of(8), both());
  batches.start(0);
  batches.next();
  batches.start(1);
  expect_same(rest_of(batches), epoch_of(set, options_of(8), 1));
}

TEST(Batches, seed_and_epoch_decide_on_the_order) {
  const Dataset set = image_set(50);
  const auto order = [&](uint64_t seed, int64_t epoch, int64_t batch) {
    return rows_of(epoch_of(set, options_of(batch, false, seed), epoch));
  };
  EXPECT_EQ(order(1, 0, 8), order(1, 0, 8));
  EXPECT_NE(order(1, 0, 8), order(1, 1, 8));
  EXPECT_NE(order(1, 0, 8), order(2, 0, 8));
  EXPECT_EQ(order(1, 0, 8), order(1, 0, 16)) << "arms of another batch size share the order";
}

TEST(Batches, augmentation_differs_from_epoch_to_epoch) {
  const Dataset set = image_set(16);
  BatchOptions options = options_of(16);
  options.shuffle = false;
  EXPECT_FALSE(at::equal(epoch_of(set, options, 0)[0].inputs, epoch_of(set, options, 1)[0].inputs));
}

TEST(Batches, without_shuffling_rows_keep_their_order) {
  BatchOptions options = options_of(4);
  options.shuffle = false;
  EXPECT_EQ(rows_of(epoch_of(image_set(6), options, 0)), (Ints{0, 1, 2, 3, 4, 5}));
}

TEST(Batches, the_last_short_batch_can_be_dropped) {
  BatchOptions options = options_of(4);
  options.drop_last = true;
  EXPECT_EQ(epoch_of(image_set(11), options, 0).size(), 2u);
  EXPECT_EQ(epoch_of(image_set(12), options, 0).size(), 3u);
}

TEST(Batches, regression_targets_come_in_standard_units) {
  Dataset set;
  set.inputs = at::ones({4, 2});
  set.targets_N = at::tensor({10.f, 10.f, 30.f, 30.f});
  BatchOptions options = options_of(4);
  options.shuffle = false;
  Batches batches(set, Normaliser::fit(set), options);
  batches.start(0);
  EXPECT_TRUE(at::equal(batches.next()->targets_N, at::tensor({-1.f, -1.f, 1.f, 1.f})));
}

TEST(Batches, rows_without_targets_make_batches_too) {
  Dataset set = image_set(5);
  set.targets_N = Tensor();
  Batches batches(set, Normaliser::fit(set), options_of(5));
  batches.start(0);
  EXPECT_FALSE(batches.next()->targets_N.defined());
}

TEST(Batches, nothing_comes_before_the_first_start) {
  const Dataset set = image_set(5);
  Batches batches(set, Normaliser::fit(set), options_of(5));
  EXPECT_FALSE(batches.next());
}

// Texts of 2 to 9 tokens; as translations, targets of 3.
Dataset text_set(int64_t rows, bool translations = false) {
  Dataset set;
  set.inputs = at::full({rows, 9}, -1, at::kInt);
  for (int64_t n = 0; n < rows; ++n) set.inputs[n].narrow(0, 0, 2 + 5 * n % 8).fill_(n);
  set.targets_N = translations ? at::full({rows, 7}, -1, at::kInt) : at::arange(rows, at::kLong);
  if (translations) set.targets_N.narrow(1, 0, 3).fill_(1);
  return set;
}

std::vector<Batch> text_epoch(const Dataset& set, const BatchOptions& options, int64_t epoch = 0,
                              int64_t first = 0) {
  Batches batches(set, Normaliser::fit(set), options);
  batches.start(epoch, first);
  std::vector<Batch> all = rest_of(batches);
  EXPECT_EQ(static_cast<int64_t>(all.size()) + first, batches.steps_per_epoch());
  return all;
}

TEST(Batches, texts_are_cut_to_the_longest_of_their_batch) {
  for (const bool shuffle : {true, false}) {
    BatchOptions options = options_of(3);
    options.shuffle = shuffle;
    const Dataset set = text_set(11, /*translations=*/true);
    for (const Batch& batch : text_epoch(set, options)) {
      const Tensor lengths_B = set.lengths_N().index_select(0, batch.rows_N);
      EXPECT_EQ(batch.inputs.size(1), lengths_B.max().item<int64_t>());
      EXPECT_EQ(batch.inputs.scalar_type(), at::kInt);
      EXPECT_EQ(batch.inputs.ge(0).sum().item<int64_t>(), lengths_B.sum().item<int64_t>());
      EXPECT_EQ(batch.targets_N.size(1), 3);
    }
  }
}

TEST(Batches, by_tokens_every_text_comes_once_in_batches_of_no_more_tokens) {
  for (const bool translations : {false, true}) {
    BatchOptions options = options_of(1);
    options.tokens = 30;
    const Dataset set = text_set(40, translations);
    std::vector<int64_t> rows;
    for (const Batch& batch : text_epoch(set, options)) {
      Tensor tokens = batch.inputs.ge(0).sum();
      if (translations) tokens = tokens + batch.targets_N.ge(0).sum();
      EXPECT_LE(tokens.item<int64_t>(), 30);
      const Tensor lengths_B = set.lengths_N().index_select(0, batch.rows_N);
      EXPECT_LE((lengths_B.max() - lengths_B.min()).item<int64_t>(), 2) << "of like length";
      for (const int64_t row : list(batch.rows_N)) rows.push_back(row);
    }
    std::sort(rows.begin(), rows.end());
    std::vector<int64_t> expected(40);
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(rows, expected);
  }
}

TEST(Batches, by_tokens_a_text_longer_than_a_batch_is_one_of_its_own) {
  BatchOptions options = options_of(1);
  options.tokens = 3;
  for (const Batch& batch : text_epoch(text_set(12), options)) EXPECT_EQ(batch.inputs.size(0), 1);
}

TEST(Batches, by_tokens_epochs_have_the_same_batches_in_another_order) {
  BatchOptions options = options_of(1);
  options.tokens = 24;
  const Dataset set = text_set(60);
  const auto sorted = [&](int64_t epoch) {
    std::vector<Ints> batches;
    for (const Batch& batch : text_epoch(set, options, epoch))
      batches.push_back(list(batch.rows_N));
    std::sort(batches.begin(), batches.end());
    return batches;
  };
  EXPECT_EQ(sorted(0), sorted(1));
  EXPECT_NE(rows_of(text_epoch(set, options, 0)), rows_of(text_epoch(set, options, 1)));
  const std::vector<Ints> drawn = sorted(0);
  options.seed = 2;
  EXPECT_NE(sorted(0), drawn) << "texts of one length have other neighbours in another run";
}

TEST(Batches, by_tokens_an_epoch_goes_on_in_its_middle) {
  BatchOptions options = options_of(1);
  options.tokens = 24;
  const Dataset set = text_set(60);
  std::vector<Batch> whole = text_epoch(set, options, 3);
  whole.erase(whole.begin(), whole.begin() + 5);
  expect_same(text_epoch(set, options, 3, 5), whole);
  options.prefetch = false;
  expect_same(text_epoch(set, options, 3, 5), whole);
}

}  // namespace
}  // namespace moestro::testing
