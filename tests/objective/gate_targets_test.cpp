#include "moestro/objective/gate_targets.h"

#include <limits>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"

namespace moestro {
namespace {

using testing::gradient_error;
using testing::normal;

double value(const Tensor& scalar) {
  EXPECT_EQ(scalar.dim(), 0);
  return scalar.item<double>();
}

Tensor table(std::vector<double> values, int64_t experts) {
  return at::tensor(values, at::kDouble).view({-1, experts});
}

TEST(GateDivergence, is_zero_for_the_target_itself) {
  const Tensor probs = normal({5, 3}, 1).softmax(1);
  EXPECT_NEAR(value(gate_divergence(probs, probs)), 0, 1e-15);
}

TEST(GateDivergence, follows_its_formula) {
  const Tensor probs = table({.5, .5, .25, .75}, 2), target = table({1, 0, .5, .5}, 2);
  const double second = .5 * std::log(.5 / .25) + .5 * std::log(.5 / .75);
  EXPECT_NEAR(value(gate_divergence(probs, target)), (std::log(2.) + second) / 2, 1e-14);
}

TEST(GateDivergence, gives_no_gradient_to_the_target) {
  const Tensor probs = normal({2, 2}, 2).softmax(1).set_requires_grad(true);
  const Tensor target = normal({2, 2}, 3).softmax(1).set_requires_grad(true);
  gate_divergence(probs, target).backward();
  EXPECT_TRUE(probs.grad().defined());
  EXPECT_FALSE(target.grad().defined());
}

TEST(GateDivergence, stays_finite_where_the_gate_gives_up_on_the_target) {
  const Tensor scores = at::tensor({0.F, -200.F}).view({1, 2}).set_requires_grad(true);
  const Tensor loss = gate_divergence(scores.softmax(1), at::tensor({0.F, 1.F}).view({1, 2}));
  loss.backward();
  EXPECT_GT(value(loss), 80);
  EXPECT_TRUE(std::isfinite(value(loss)));
  EXPECT_TRUE(scores.grad().isfinite().all().item<bool>());
}

TEST(GateDivergence, padding_changes_neither_value_nor_gradient) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Tensor valid = at::tensor({1, 0, 1}, at::kLong).to(at::kBool);
  const Tensor padded = table({.5, .5, nan, nan, .25, .75}, 2).set_requires_grad(true);
  const Tensor target = table({.9, .1, nan, nan, .2, .8}, 2);
  const Tensor loss = gate_divergence(padded, target, valid);
  EXPECT_NEAR(value(loss),
              value(gate_divergence(table({.5, .5, .25, .75}, 2), table({.9, .1, .2, .8}, 2))),
              1e-15);
  loss.backward();
  EXPECT_TRUE(padded.grad().isfinite().all().item<bool>());
  EXPECT_EQ(padded.grad()[1].abs().sum().item<double>(), 0);
}

TEST(GateDivergence, gradient_matches_differences) {
  const Tensor scores = normal({4, 3}, 4, true), target = normal({4, 3}, 5).softmax(1);
  EXPECT_LT(gradient_error([&] { return gate_divergence(scores.softmax(1), target); }, {scores}),
            1e-8);
}

TEST(CorrectnessTargets, are_the_likelihoods_of_the_label_scaled_to_one) {
  const Tensor out = normal({4, 3, 5}, 6), targets = at::tensor({0, 4, 2, 2}, at::kLong);
  const Tensor probs = out.softmax(2);
  const Tensor found = correctness_targets(out, targets);
  for (int64_t b = 0; b < 4; ++b) {
    const Tensor likelihood_E = probs[b].select(1, targets[b].item<int64_t>());
    EXPECT_TRUE(at::allclose(found[b], likelihood_E / likelihood_E.sum(), 1e-12, 1e-14));
  }
}

TEST(CorrectnessTargets, are_finite_where_every_likelihood_vanishes) {
  Tensor out = at::zeros({1, 2, 2});
  out[0][0][0] = 500;  // both sure of class 0, the second one a little less
  out[0][1][0] = 499;
  const Tensor found = correctness_targets(out, at::ones({1}, at::kLong)).to(at::kDouble);
  EXPECT_NEAR(found[0][1].item<double>(), 1 / (1 + std::exp(-1.)), 1e-6);
}

}  // namespace
}  // namespace moestro
