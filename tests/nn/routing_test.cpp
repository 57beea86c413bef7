#include "moestro/nn/routing.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/core/error.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::normal;
using testing::thrown;

Tensor rows(std::vector<int64_t> values, int64_t width) {
  return at::tensor(values, at::kLong).view({-1, width});
}

TEST(TopExperts, are_the_highest_first) {
  const Tensor scores = at::tensor({.1, .4, .3, .2, -1., 5., 0., 7.}, at::kFloat).view({2, 4});
  EXPECT_TRUE(at::equal(top_experts(scores, 1), rows({1, 3}, 1)));
  EXPECT_TRUE(at::equal(top_experts(scores, 3), rows({1, 2, 3, 3, 1, 2}, 3)));
}

TEST(TopExperts, of_equal_scores_are_those_of_lower_index) {
  for (const int64_t k : {1, 2, 3}) {
    const Tensor chosen = top_experts(at::zeros({2, 40}), k);
    EXPECT_TRUE(at::equal(chosen, at::arange(k, at::kLong).expand({2, k}))) << k;
  }
  EXPECT_TRUE(at::equal(top_experts(at::tensor({1.f, 3.f, 2.f, 3.f, 3.f}).view({1, 5}), 2),
                        rows({1, 3}, 2)));
}

TEST(TopExperts, with_all_chosen_are_in_the_order_of_experts) {
  EXPECT_TRUE(
      at::equal(top_experts(at::tensor({1.f, 3.f, 2.f}).view({1, 3}), 3), rows({0, 1, 2}, 3)));
  EXPECT_TRUE(at::equal(top_experts(at::ones({2, 1}), 1), rows({0, 0}, 1)));
}

TEST(TopExperts, agree_with_a_full_sort_on_random_scores) {
  const Tensor scores = normal({50, 9}, 1);
  const Tensor sorted = scores.argsort(1, /*descending=*/true);
  for (int64_t k = 1; k < 9; ++k)
    EXPECT_TRUE(at::equal(top_experts(scores, k), sorted.narrow(1, 0, k))) << k;
}

TEST(DenseRouting, chooses_every_expert_with_its_probability) {
  const Tensor probs = normal({2, 3}, 2).softmax(1);
  const Routing routing = dense_routing(probs.log(), probs);
  EXPECT_TRUE(routing.dense());
  EXPECT_TRUE(at::equal(routing.experts_BK, rows({0, 1, 2, 0, 1, 2}, 3)));
  EXPECT_TRUE(at::equal(weights_by_expert(routing), probs));
}

TEST(ForcedRouting, sends_rows_where_told_with_even_weights) {
  const Routing routing = forced_routing(rows({2, 0, 1, 2}, 2), 4);
  EXPECT_FALSE(routing.dense());
  EXPECT_TRUE(at::equal(routing.experts_BK, rows({0, 2, 1, 2}, 2)));
  const Tensor expected = at::tensor({.5, 0., .5, 0., 0., .5, .5, 0.}, at::kFloat).view({2, 4});
  EXPECT_TRUE(at::equal(routing.probs_BE, expected));
  EXPECT_TRUE(at::equal(weights_by_expert(routing), expected));
}

TEST(ForcedRouting, to_all_experts_is_dense_whatever_their_order) {
  const Routing routing = forced_routing(rows({2, 0, 1}, 3), 3);
  EXPECT_TRUE(routing.dense());
  EXPECT_TRUE(at::equal(routing.experts_BK, rows({0, 1, 2}, 3)));
}

TEST(ForcedRouting, refuses_experts_that_are_not_there_or_twice_in_a_row) {
  EXPECT_EQ(thrown<UserError>([] {
              forced_routing(rows({0, 4}, 1), 4);
            }),
            "forced routing: expert 4; expected 0 to 3");
  EXPECT_EQ(thrown<UserError>([] { forced_routing(rows({-1}, 1), 4); }),
            "forced routing: expert -1; expected 0 to 3");
  EXPECT_EQ(thrown<UserError>([] {
              forced_routing(rows({1, 2, 3, 3}, 2), 4);
            }),
            "forced routing: an expert stands twice in a row; expected 2 different ones");
}

TEST(TopOne, keeps_the_most_probable_expert_alone) {
  const Tensor probs = at::tensor({.2, .5, .3, .4, .2, .4}, at::kFloat).view({2, 3});
  const Routing hard = top_one(dense_routing(probs, probs));
  EXPECT_TRUE(at::equal(hard.experts_BK, rows({1, 0}, 1)));
  EXPECT_TRUE(at::equal(hard.weights_BK, at::ones({2, 1})));
  EXPECT_TRUE(at::equal(hard.probs_BE, probs));
}

TEST(WeightsByExpert, lets_gradients_through_to_the_chosen) {
  const Tensor weights = normal({2, 1}, 3, true);
  const Tensor probs = at::full({2, 3}, 1. / 3, at::kDouble);
  const Tensor spread = weights_by_expert({probs, probs, rows({2, 0}, 1), weights});
  (spread * at::arange(6, at::kDouble).view({2, 3})).sum().backward();
  EXPECT_TRUE(at::equal(weights.grad(), at::tensor({2., 3.}, at::kDouble).view({2, 1})));
}

}  // namespace
}  // namespace moestro
