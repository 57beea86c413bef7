#include "moestro/core/assignment.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"

namespace moestro {
namespace {

double sum_of(const Tensor& weights_NN, const std::vector<int64_t>& columns) {
  double sum = 0;
  for (size_t i = 0; i < columns.size(); ++i)
    sum += weights_NN[static_cast<int64_t>(i)][columns[i]].item<double>();
  return sum;
}

double best_of_all(const Tensor& weights_NN) {
  std::vector<int64_t> columns(static_cast<size_t>(weights_NN.size(0)));
  std::iota(columns.begin(), columns.end(), 0);
  double best = -std::numeric_limits<double>::infinity();
  do best = std::max(best, sum_of(weights_NN, columns));
  while (std::next_permutation(columns.begin(), columns.end()));
  return best;
}

void expect_best(const Tensor& weights_NN) {
  const std::vector<int64_t> columns = best_assignment(weights_NN);
  std::vector<int64_t> sorted = columns;
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < sorted.size(); ++i) EXPECT_EQ(sorted[i], static_cast<int64_t>(i));
  EXPECT_EQ(static_cast<int64_t>(columns.size()), weights_NN.size(0));
  EXPECT_NEAR(sum_of(weights_NN, columns), best_of_all(weights_NN), 1e-12) << weights_NN;
}

TEST(BestAssignment, is_as_good_as_the_best_of_all_permutations) {
  for (int64_t n = 1; n <= 6; ++n)
    for (uint64_t seed = 0; seed < 12; ++seed) expect_best(testing::normal({n, n}, 100 * n + seed));
}

TEST(BestAssignment, of_few_different_weights_is_one_of_the_best) {
  for (int64_t n = 2; n <= 6; ++n)
    for (uint64_t seed = 0; seed < 12; ++seed)
      expect_best(testing::normal({n, n}, 100 * n + seed).abs().floor());
  expect_best(at::zeros({5, 5}));
}

TEST(BestAssignment, gives_up_the_best_pair_for_a_better_whole) {
  EXPECT_EQ(best_assignment(at::tensor({5, 4, 4, 0}, at::kLong).view({2, 2})),
            (std::vector<int64_t>{1, 0}));
}

TEST(BestAssignment, is_the_same_each_time_and_empty_for_nothing) {
  const Tensor tied = at::ones({6, 6});
  EXPECT_EQ(best_assignment(tied), best_assignment(tied.clone()));
  EXPECT_TRUE(best_assignment(at::zeros({0, 0})).empty());
}

}  // namespace
}  // namespace moestro
