#include "moestro/data/split.h"

#include <algorithm>
#include <numeric>

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "data/files_fixture.h"
#include "moestro/core/error.h"
#include "moestro/data/config.h"

namespace moestro::testing {
namespace {

TEST(Split, the_parts_are_disjoint_and_complete) {
  const Split split = hold_out(103, .1, 1, "validation");
  EXPECT_EQ(split.held_N.numel(), 10);
  std::vector<int64_t> all = list(at::cat({split.kept_N, split.held_N}));
  std::sort(all.begin(), all.end());
  std::vector<int64_t> expected(103);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(all, expected);
}

TEST(Split, the_seed_decides_and_the_name_keeps_splits_apart) {
  const auto held = [](uint64_t seed, const char* name) {
    return list(hold_out(100, .2, seed, name).held_N);
  };
  EXPECT_EQ(held(1, "test"), held(1, "test"));
  EXPECT_NE(held(1, "test"), held(2, "test"));
  EXPECT_NE(held(1, "test"), held(1, "validation"));
}

TEST(Split, a_share_of_zero_holds_out_nothing_and_a_small_one_a_row) {
  EXPECT_EQ(hold_out(10, 0, 1, "validation").held_N.numel(), 0);
  EXPECT_EQ(hold_out(10, .001, 1, "validation").held_N.numel(), 1);
}

TEST(Split, something_must_be_left_to_train_on) {
  EXPECT_TRUE(says(thrown<UserError>([] { hold_out(3, .9, 1, "validation"); }),
                   {"data.validation = 0.9 holds out 3 of 3 rows"}));
}

TEST(BalancedRows, classes_share_evenly) {
  const Tensor targets_N = at::arange(90, at::kLong).div(30, "floor");
  const Tensor rows_M = balanced_rows(targets_N, 3, 31, 1);
  EXPECT_EQ(list(at::bincount(targets_N.index_select(0, rows_M))), (Ints{11, 10, 10}));
}

TEST(BalancedRows, others_fill_up_for_a_class_that_has_too_few) {
  const Tensor targets_N = at::tensor({0, 1, 1, 1, 1, 2, 2, 2, 2}, at::kLong);
  const Tensor rows_M = balanced_rows(targets_N, 3, 7, 1);
  EXPECT_EQ(list(at::bincount(targets_N.index_select(0, rows_M))), (Ints{1, 3, 3}));
}

TEST(BalancedRows, a_larger_subset_holds_the_smaller_one) {
  const Tensor targets_N = at::arange(60, at::kLong).remainder(4);
  const auto rows = [&](int64_t count) { return list(balanced_rows(targets_N, 4, count, 5)); };
  const Ints small = rows(10), large = rows(21);  // ascending
  EXPECT_TRUE(std::includes(large.begin(), large.end(), small.begin(), small.end()));
  EXPECT_NE(rows(10), list(balanced_rows(targets_N, 4, 10, 6)));
}

TEST(BalancedRows, regression_takes_any_rows_and_more_than_there_are_is_refused) {
  EXPECT_EQ(balanced_rows(at::ones({9}), 0, 4, 1).numel(), 4);
  EXPECT_TRUE(says(thrown<UserError>([] { balanced_rows(at::ones({9}), 0, 10, 1); }),
                   {"data.rows = 10; expected at most 9"}));
}

TEST(SplitRows, draws_rows_as_they_come_where_classes_need_not_be_even) {
  Tensor targets_N = at::zeros({1000}, at::kLong);
  targets_N.narrow(0, 0, 100).fill_(1);
  DataConfig config;
  config.validation = 0;
  config.rows = 100;
  const FileRows file{"set", 1000, targets_N, 2, false, true};
  const auto rare = [&] {
    return targets_N.index_select(0, split_rows(file, config, 3).train_N).sum().item<int64_t>();
  };
  EXPECT_EQ(rare(), 50);
  config.balanced = false;
  EXPECT_GT(rare(), 2);
  EXPECT_LT(rare(), 25);
  EXPECT_TRUE(says(thrown<UserError>([&] {
                     split_rows({"prices", 1000, targets_N, 0, false, true}, config, 3);
                   }),
                   {"data.balanced = false has no effect: prices has no classes"}));
}

TEST(SplitRows, serve_for_training_validation_and_test_once) {
  DataConfig config;
  config.rows = 10;
  const RowSplit split = split_rows({"set", 100, {}, 0, false, false}, config, 1);
  EXPECT_EQ(split.test_N.numel(), 20);
  EXPECT_EQ(split.valid_N.numel(), 8);
  EXPECT_EQ(split.train_N.numel(), 10);
  const Tensor all = at::cat({split.train_N, split.valid_N, split.test_N});
  EXPECT_EQ(std::get<0>(at::_unique(all)).numel(), 38);
}

TEST(SplitRows, that_the_set_has_of_its_own_are_not_held_out) {
  DataConfig config;
  const FileRows file{"set", 100, {}, 0, true, true};
  const RowSplit split = split_rows(file, config, 1);
  EXPECT_EQ(split.train_N.numel(), 100);
  EXPECT_FALSE(split.valid_N.defined() || split.test_N.defined());
  config.validation = 0;
  EXPECT_EQ(split_rows(file, config, 1).train_N.numel(), 100);
  config.validation = .3;
  EXPECT_TRUE(says(thrown<UserError>([&] { split_rows(file, config, 1); }),
                   {"data.validation = 0.3 has no effect: set has validation rows of its own"}));
  config.validation = 0;
  config.test = .3;
  EXPECT_TRUE(says(thrown<UserError>([&] { split_rows(file, config, 1); }),
                   {"data.test = 0.3 has no effect: set has test rows of its own"}));
}

}  // namespace
}  // namespace moestro::testing
