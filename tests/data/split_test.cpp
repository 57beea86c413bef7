#include "moestro/data/split.h"

#include <algorithm>
#include <numeric>

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "data/files_fixture.h"
#include "moestro/core/error.h"

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

}  // namespace
}  // namespace moestro::testing
