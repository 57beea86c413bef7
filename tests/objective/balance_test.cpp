#include "moestro/objective/balance.h"

#include <limits>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"

namespace moestro {
namespace {

using testing::gradient_error;
using testing::normal;

const double kNaN = std::numeric_limits<double>::quiet_NaN();

Tensor table(std::vector<double> values, int64_t experts) {
  return at::tensor(values, at::kDouble).view({-1, experts});
}

Tensor mask(std::vector<int64_t> flags) {
  return at::tensor(flags, at::kLong).to(at::kBool);
}

double value(const Tensor& scalar) {
  EXPECT_EQ(scalar.dim(), 0);
  return scalar.item<double>();
}

TEST(ImportanceLoss, is_zero_when_usage_is_even) {
  EXPECT_NEAR(value(importance_loss(table({.9, .1, .1, .9}, 2))), 0, 1e-15);
}

TEST(ImportanceLoss, is_the_squared_coefficient_of_variation_with_the_unbiased_deviation) {
  // I = (3, 1, 0): mean 4/3, unbiased variance 7/3.
  const Tensor probs = table({1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0}, 3);
  EXPECT_NEAR(value(importance_loss(probs)), (7.0 / 3) / (16.0 / 9), 1e-14);
}

TEST(ImportanceLoss, equals_the_number_of_experts_when_one_takes_all) {
  EXPECT_NEAR(value(importance_loss(table({1, 0, 0, 0}, 4))), 4, 1e-14);
}

TEST(ImportanceLoss, is_zero_for_one_expert) {
  EXPECT_EQ(value(importance_loss(at::ones({3, 1}, at::kDouble))), 0);
}

TEST(ImportanceLoss, reads_valid_decisions_only) {
  const Tensor padded = table({.8, .2, kNaN, kNaN, .3, .7}, 2);
  EXPECT_DOUBLE_EQ(value(importance_loss(padded, mask({1, 0, 1}))),
                   value(importance_loss(table({.8, .2, .3, .7}, 2))));
}

TEST(ImportanceLoss, is_zero_without_a_valid_decision) {
  EXPECT_EQ(value(importance_loss(table({.8, .2}, 2), mask({0}))), 0);
}

TEST(ImportanceLoss, does_not_depend_on_the_order_of_experts_or_samples) {
  const Tensor probs = normal({7, 4}, 1).softmax(1);
  const double loss = value(importance_loss(probs));
  EXPECT_NEAR(value(importance_loss(probs.flip(1))), loss, 1e-14);
  EXPECT_NEAR(value(importance_loss(probs.flip(0))), loss, 1e-14);
}

TEST(ImportanceLoss, gradient_matches_differences) {
  const Tensor scores = normal({5, 3}, 2, true);
  const Tensor valid = mask({1, 1, 0, 1, 1});
  EXPECT_LT(gradient_error([&] { return importance_loss(scores.softmax(1), valid); }, {scores}),
            1e-8);
}

TEST(SwitchBalanceLoss, is_one_when_choices_and_probabilities_are_even) {
  const Tensor probs = at::full({4, 2}, .5, at::kDouble);
  EXPECT_DOUBLE_EQ(
      value(switch_balance_loss(probs, at::tensor({0, 1, 1, 0}, at::kLong).view({4, 1}))), 1);
}

TEST(SwitchBalanceLoss, is_one_for_a_dense_gate) {
  const Tensor probs = normal({6, 3}, 3).softmax(1);
  const Tensor all = at::arange(3, at::kLong).expand({6, 3});
  EXPECT_NEAR(value(switch_balance_loss(probs, all)), 1, 1e-14);
}

TEST(SwitchBalanceLoss, equals_the_number_of_experts_when_one_takes_all) {
  EXPECT_DOUBLE_EQ(
      value(switch_balance_loss(table({1, 0, 0, 1, 0, 0}, 3), at::zeros({2, 1}, at::kLong))), 3);
}

TEST(SwitchBalanceLoss, follows_its_formula_with_two_choices) {
  // f = (2, 1, 1, 0) / 4, P = (.5, .2, .2, .1).
  const Tensor probs = table({.6, .2, .1, .1, .4, .2, .3, .1}, 4);
  const Tensor chosen = at::tensor({0, 1, 0, 2}, at::kLong).view({2, 2});
  EXPECT_NEAR(value(switch_balance_loss(probs, chosen)), 4 * (.5 * .5 + .25 * .2 + .25 * .2),
              1e-14);
}

TEST(SwitchBalanceLoss, reads_valid_decisions_only) {
  const Tensor chosen = at::tensor({0, 1, 1}, at::kLong).view({3, 1});
  const Tensor padded = table({.8, .2, kNaN, kNaN, .3, .7}, 2);
  const Tensor kept = at::tensor({0, 1}, at::kLong).view({2, 1});
  EXPECT_DOUBLE_EQ(value(switch_balance_loss(padded, chosen, mask({1, 0, 1}))),
                   value(switch_balance_loss(table({.8, .2, .3, .7}, 2), kept)));
  EXPECT_EQ(value(switch_balance_loss(padded, chosen, mask({0, 0, 0}))), 0);
}

TEST(SwitchBalanceLoss, gradient_matches_differences) {
  const Tensor scores = normal({5, 3}, 4, true);
  const Tensor chosen = at::tensor({0, 0, 2, 0, 2}, at::kLong).view({5, 1});
  EXPECT_LT(
      gradient_error([&] { return switch_balance_loss(scores.softmax(1), chosen); }, {scores}),
      1e-8);
}

TEST(ZLoss, is_the_squared_log_of_the_number_of_experts_at_zero_scores) {
  EXPECT_NEAR(value(z_loss(at::zeros({3, 5}, at::kDouble))), std::pow(std::log(5.0), 2), 1e-14);
}

TEST(ZLoss, is_zero_where_the_exponentials_of_the_scores_sum_to_one) {
  const Tensor scores = normal({4, 3}, 6, true).detach().log_softmax(1).set_requires_grad(true);
  const Tensor loss = z_loss(scores);
  EXPECT_NEAR(value(loss), 0, 1e-30);
  loss.backward();
  EXPECT_NEAR(scores.grad().abs().max().item<double>(), 0, 1e-15);
}

TEST(ZLoss, of_one_expert_is_the_mean_square_of_its_score) {
  EXPECT_NEAR(value(z_loss(table({1, -3}, 1))), 5, 1e-14);
}

TEST(ZLoss, is_finite_for_scores_whose_exponential_is_not) {
  EXPECT_NEAR(value(z_loss(table({1000, 0}, 2))), 1e6, 1e-6);
}

TEST(ZLoss, of_bfloat16_scores_is_computed_in_float32) {
  EXPECT_EQ(z_loss(at::zeros({2, 2}, at::kBFloat16)).scalar_type(), at::kFloat);
}

TEST(ZLoss, padding_changes_neither_value_nor_gradient) {
  const Tensor scores = table({1, 2, 0, 0, -1, 3}, 2).set_requires_grad(true);
  const Tensor padded = table({1, 2, kNaN, kNaN, -1, 3}, 2).set_requires_grad(true);
  const Tensor valid = mask({1, 0, 1});
  z_loss(scores, valid).backward();
  z_loss(padded, valid).backward();
  EXPECT_TRUE(at::equal(scores.grad(), padded.grad()));
  EXPECT_EQ(padded.grad()[1].abs().sum().item<double>(), 0);
  EXPECT_DOUBLE_EQ(value(z_loss(padded, valid)), value(z_loss(table({1, 2, -1, 3}, 2))));
}

TEST(ZLoss, gradient_matches_differences) {
  const Tensor scores = normal({4, 3}, 5, true);
  EXPECT_LT(gradient_error([&] { return z_loss(scores); }, {scores}), 1e-8);
}

}  // namespace
}  // namespace moestro
