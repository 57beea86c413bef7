#include "moestro/objective/task_loss.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"

namespace moestro {
namespace {

using testing::gradient_error;
using testing::normal;

struct Batch {
  Tensor out_NEC, scores_NE, targets_N;
  Tensor weights() const { return scores_NE.softmax(1); }
};

Batch batch(int64_t rows, int64_t experts, uint64_t seed) {
  const int64_t classes = 4;
  return {normal({rows, experts, classes}, seed, true), normal({rows, experts}, seed + 1, true),
          at::arange(rows, at::kLong).remainder(classes)};
}

// The probability of the target by each expert, [N, E].
Tensor right_probabilities(const Batch& b) {
  return b.out_NEC.softmax(2)
      .gather(2, b.targets_N.view({-1, 1, 1}).expand({-1, b.out_NEC.size(1), 1}))
      .squeeze(2);
}

double value(const Tensor& scalar) {
  return scalar.item<double>();
}

TEST(ExpectationLoss, of_mixed_probabilities_is_their_negative_log_at_the_target) {
  const Batch b = batch(5, 3, 1);
  const Tensor mixed = mix(b.out_NEC, b.weights(), OutputKind::probabilities);
  const double expected = value(-(b.weights() * right_probabilities(b)).sum(1).log().mean());
  EXPECT_NEAR(value(expectation_loss(mixed, b.targets_N, OutputKind::probabilities)), expected,
              1e-13);
}

TEST(ExpectationLoss, of_logits_is_their_cross_entropy) {
  const Tensor logits = normal({5, 4}, 2);
  const Tensor targets = at::tensor({0, 3, 2, 1, 1}, at::kLong);
  EXPECT_NEAR(value(expectation_loss(logits, targets, OutputKind::logits)),
              value(at::cross_entropy_loss(logits, targets)), 1e-14);
}

TEST(ExpectationLoss, is_the_log_of_the_class_count_when_nothing_is_known) {
  const Tensor targets = at::zeros({1}, at::kLong);
  EXPECT_NEAR(value(expectation_loss(at::zeros({1, 10}, at::kDouble), targets, OutputKind::logits)),
              std::log(10.0), 1e-14);
}

TEST(ExpectationLoss, gradient_matches_differences) {
  const Batch b = batch(4, 3, 3);
  for (const OutputKind output : {OutputKind::probabilities, OutputKind::logits})
    EXPECT_LT(gradient_error(
                  [&] {
                    return expectation_loss(mix(b.out_NEC, b.weights(), output), b.targets_N,
                                            output);
                  },
                  {b.out_NEC, b.scores_NE}),
              1e-8);
}

TEST(ExpectationLoss, with_smoothing_is_that_of_pytorch) {
  const Tensor logits = normal({5, 4}, 2), targets = at::tensor({0, 3, 2, 1, 1}, at::kLong);
  const Batch b = batch(5, 3, 14);
  const Tensor log_probs = mix(b.out_NEC, b.weights(), OutputKind::probabilities);
  for (const double smoothing : {.1, .5}) {
    const auto pytorch = [&](const Tensor& of, const Tensor& at) {
      return value(at::cross_entropy_loss(of, at, {}, at::Reduction::Mean, -100, smoothing));
    };
    EXPECT_NEAR(value(expectation_loss(logits, targets, OutputKind::logits, smoothing)),
                pytorch(logits, targets), 1e-13);
    // The softmax of log probabilities is these probabilities.
    EXPECT_NEAR(
        value(expectation_loss(log_probs, b.targets_N, OutputKind::probabilities, smoothing)),
        pytorch(log_probs, b.targets_N), 1e-13);
  }
}

TEST(ExpectationLoss, with_smoothing_is_least_where_the_target_has_its_share) {
  const double s = .2;
  const Tensor share = at::tensor({1 - s + s / 4, s / 4, s / 4, s / 4}, at::kDouble).view({1, 4});
  const Tensor logits = share.log().set_requires_grad(true), targets = at::zeros({1}, at::kLong);
  expectation_loss(logits, targets, OutputKind::logits, s).backward();
  EXPECT_LT(logits.grad().abs().max().item<double>(), 1e-15);
}

TEST(ExpectationLoss, with_smoothing_has_a_gradient_that_matches_differences) {
  const Batch b = batch(4, 3, 15);
  for (const OutputKind output : {OutputKind::probabilities, OutputKind::logits})
    EXPECT_LT(gradient_error(
                  [&] {
                    return expectation_loss(mix(b.out_NEC, b.weights(), output), b.targets_N,
                                            output, .3);
                  },
                  {b.out_NEC, b.scores_NE}),
              1e-8);
}

TEST(StochasticLoss, follows_its_formula) {
  const Batch b = batch(5, 3, 4);
  const double expected = value(-(b.weights() * right_probabilities(b).sqrt()).sum(1).log().mean());
  EXPECT_NEAR(value(stochastic_loss(b.out_NEC, b.weights(), b.targets_N)), expected, 1e-13);
}

TEST(StochasticLoss, of_one_expert_is_half_its_cross_entropy) {
  const Batch b = batch(5, 1, 5);
  const double alone = value(at::cross_entropy_loss(b.out_NEC.squeeze(1), b.targets_N));
  EXPECT_NEAR(value(stochastic_loss(b.out_NEC, b.weights(), b.targets_N)), alone / 2, 1e-13);
}

TEST(StochasticLoss, an_expert_without_weight_gives_no_nan) {
  const Batch b = batch(2, 2, 6);
  const Tensor weights =
      at::tensor({1., 0., 0., 1.}, at::kDouble).view({2, 2}).set_requires_grad(true);
  const Tensor loss = stochastic_loss(b.out_NEC, weights, b.targets_N);
  loss.backward();
  const Tensor kept = right_probabilities(b).diagonal();
  EXPECT_NEAR(value(loss), value(-kept.sqrt().log().mean()), 1e-13);
  EXPECT_TRUE(weights.grad().isfinite().all().item<bool>());
  EXPECT_TRUE(b.out_NEC.grad().isfinite().all().item<bool>());
}

TEST(StochasticLoss, gradient_matches_differences) {
  const Batch b = batch(4, 3, 7);
  EXPECT_LT(gradient_error([&] { return stochastic_loss(b.out_NEC, b.weights(), b.targets_N); },
                           {b.out_NEC, b.scores_NE}),
            1e-8);
}

TEST(CompetitiveLoss, follows_its_formula) {
  const Batch b = batch(5, 3, 8);
  const double expected = value(-(b.weights() * right_probabilities(b).log()).sum(1).mean());
  EXPECT_NEAR(value(competitive_loss(b.out_NEC, b.weights(), b.targets_N)), expected, 1e-13);
}

TEST(CompetitiveLoss, gradient_matches_differences) {
  const Batch b = batch(4, 3, 9);
  EXPECT_LT(gradient_error([&] { return competitive_loss(b.out_NEC, b.weights(), b.targets_N); },
                           {b.out_NEC, b.scores_NE}),
            1e-8);
}

TEST(TaskLosses, are_ordered_by_jensens_inequality) {
  const Batch b = batch(16, 4, 10);
  const double expectation =
      value(expectation_loss(mix(b.out_NEC, b.weights(), OutputKind::probabilities), b.targets_N,
                             OutputKind::probabilities));
  EXPECT_LT(expectation, value(competitive_loss(b.out_NEC, b.weights(), b.targets_N)));
}

TEST(TaskLosses, do_not_depend_on_the_order_of_experts) {
  const Batch b = batch(6, 3, 11);
  const Tensor out = b.out_NEC.flip(1), weights = b.weights().flip(1);
  EXPECT_NEAR(value(stochastic_loss(out, weights, b.targets_N)),
              value(stochastic_loss(b.out_NEC, b.weights(), b.targets_N)), 1e-14);
  EXPECT_NEAR(value(competitive_loss(out, weights, b.targets_N)),
              value(competitive_loss(b.out_NEC, b.weights(), b.targets_N)), 1e-14);
}

TEST(TaskLosses, of_bfloat16_outputs_are_computed_in_float32) {
  const Tensor out = at::zeros({2, 2, 4}, at::kBFloat16), weights = at::full({2, 2}, .5);
  const Tensor targets = at::zeros({2}, at::kLong);
  EXPECT_EQ(stochastic_loss(out, weights, targets).scalar_type(), at::kFloat);
  EXPECT_EQ(competitive_loss(out, weights, targets).scalar_type(), at::kFloat);
  EXPECT_EQ(expectation_loss(out.select(1, 0), targets, OutputKind::logits).scalar_type(),
            at::kFloat);
}

TEST(LeastSquaresLoss, is_the_mean_squared_error) {
  const Tensor mixed = at::tensor({1., 4.}, at::kDouble).view({2, 1});
  EXPECT_DOUBLE_EQ(value(least_squares_loss(mixed, at::tensor({2., 1.}, at::kDouble))), 5);
}

TEST(LeastSquaresLoss, gradient_matches_differences) {
  const Tensor mixed = normal({4, 1}, 12, true), targets = normal({4}, 13);
  EXPECT_LT(gradient_error([&] { return least_squares_loss(mixed, targets); }, {mixed}), 1e-8);
}

}  // namespace
}  // namespace moestro
