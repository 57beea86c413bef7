#include "moestro/lifecycle/typical_samples.h"

#include <set>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace moestro {
namespace {

std::vector<int64_t> rows_of(const std::vector<TypicalSamples::Sample>& samples) {
  std::vector<int64_t> rows;
  for (const auto& sample : samples) rows.push_back(sample.row);
  return rows;
}

// Samples of expert 0, which owns the rows where its probability is above one half.
TypicalSamples of_first(const std::vector<double>& probability_N) {
  const Tensor first_N = at::tensor(probability_N, at::kFloat);
  Evaluation evaluation;
  evaluation.probs_NE = at::stack({first_N, 1 - first_N}, 1);
  evaluation.predicted_N = at::zeros(first_N.sizes(), at::kLong);
  Dataset data;
  data.targets_N = evaluation.predicted_N;
  return typical_samples(evaluation, data, evaluation.probs_NE.argmax(1), 0);
}

TEST(TypicalSamples, are_the_most_and_the_least_probable_of_the_experts_own) {
  const TypicalSamples samples = of_first({.6, .9, .2, .7, .8});
  EXPECT_EQ(rows_of(samples.most_typical), (std::vector<int64_t>{1, 4}));
  EXPECT_EQ(rows_of(samples.least_typical), (std::vector<int64_t>{0, 3}));
  EXPECT_FLOAT_EQ(samples.most_typical[0].probability, .9);
}

TEST(TypicalSamples, are_twelve_at_each_end_of_many) {
  std::vector<double> falling;
  for (int n = 0; n < 100; ++n) falling.push_back(.99 - .004 * n);
  const TypicalSamples samples = of_first(falling);
  ASSERT_EQ(samples.most_typical.size(), 12u);
  ASSERT_EQ(samples.least_typical.size(), 12u);
  EXPECT_EQ(samples.most_typical.back().row, 11);
  EXPECT_EQ(samples.least_typical.front().row, 99);
  EXPECT_EQ(samples.least_typical.back().row, 88);
}

TEST(TypicalSamples, of_equal_probability_come_by_row) {
  const TypicalSamples samples = of_first({.6, 1, .6, 1, 1, .6});
  EXPECT_EQ(rows_of(samples.most_typical), (std::vector<int64_t>{1, 3, 4}));
  EXPECT_EQ(rows_of(samples.least_typical), (std::vector<int64_t>{0, 2, 5}));
}

TEST(TypicalSamples, stand_in_one_list_only) {
  for (size_t owned = 0; owned < 30; ++owned) {
    const TypicalSamples samples = of_first(std::vector<double>(owned + 1, .75));
    const std::vector<int64_t> rows = rows_of(samples.all());
    EXPECT_EQ(std::set<int64_t>(rows.begin(), rows.end()).size(), rows.size());
    EXPECT_EQ(rows.size(), std::min<size_t>(owned + 1, 24));
    EXPECT_GE(samples.most_typical.size(), samples.least_typical.size());
  }
}

TEST(TypicalSamples, of_an_expert_without_any_are_two_empty_lists) {
  const TypicalSamples samples = of_first({.1, .2});
  EXPECT_TRUE(samples.all().empty());
  EXPECT_EQ(samples.to_json(true).dump(), "{\"most_typical\":[],\"least_typical\":[]}");
}

TEST(TypicalSamples, of_an_expert_alone_are_spread_over_the_set) {
  Evaluation evaluation;
  evaluation.probs_NE = at::ones({100, 1});
  evaluation.predicted_N = at::zeros({100}, at::kLong);
  Dataset data;
  data.targets_N = at::zeros({100}, at::kLong);
  const TypicalSamples samples = typical_samples(evaluation, data, at::zeros({100}, at::kLong), 0);
  ASSERT_EQ(samples.drawn.size(), 12u);
  EXPECT_EQ(samples.drawn.front().row, 0);
  EXPECT_EQ(samples.drawn.back().row, 91);  // 11 x 100 / 12
  EXPECT_EQ(samples.all().size(), 12u);
  EXPECT_EQ(samples.to_json(true)["drawn"].size(), 12u);
}

}  // namespace
}  // namespace moestro
