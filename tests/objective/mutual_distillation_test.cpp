#include "moestro/objective/mutual_distillation.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/objective/loss_config.h"
#include "objective/distilled_values.h"

namespace moestro {
namespace {

using testing::gradient_error;
using testing::normal;
using testing::squared;
using testing::weighted;

double value(const Tensor& scalar) {
  return scalar.item<double>();
}

Tensor even_weights(int64_t rows, int64_t experts) {
  return at::full({rows, experts}, 1. / static_cast<double>(experts), at::kDouble);
}

TEST(MutualDistillation, is_the_variance_over_experts_by_its_formula) {
  const Tensor out_KNC = normal({4, 5, 3}, 1);
  double sum = 0, square = 0;
  for (int64_t n = 0; n < 5; ++n)
    for (int64_t c = 0; c < 3; ++c) {
      double mean = 0;
      for (int64_t k = 0; k < 4; ++k) mean += value(out_KNC[k][n][c]) / 4;
      for (int64_t k = 0; k < 4; ++k) {
        const double e = value(out_KNC[k][n][c]);
        sum += (e - mean) * (e - mean) / 4;
        square += e * e / 4;
      }
    }
  const MutualDistillation found = squared(out_KNC);
  EXPECT_NEAR(value(found.value), sum / 15, 1e-14);
  EXPECT_NEAR(value(found.square), square / 15, 1e-14);
}

TEST(MutualDistillation, of_two_experts_is_a_quarter_of_their_squared_distance) {
  const Tensor out_KNC = normal({2, 5, 3}, 2);
  EXPECT_NEAR(value(squared(out_KNC).value), value((out_KNC[0] - out_KNC[1]).square().mean()) / 4,
              1e-15);
}

TEST(MutualDistillation, pairs_of_experts_give_the_same_up_to_a_factor) {
  const Tensor out_KNC = normal({5, 4, 2}, 3);
  double pairs = 0;
  for (int64_t i = 0; i < 5; ++i)
    for (int64_t j = 0; j < 5; ++j) pairs += value((out_KNC[i] - out_KNC[j]).square().mean());
  EXPECT_NEAR(value(squared(out_KNC).value), pairs / (2 * 5 * 5), 1e-14);
}

TEST(MutualDistillation, is_zero_for_identical_experts_in_every_form) {
  const Tensor out_KNC = normal({1, 6, 3}, 4).expand({4, 6, 3});
  EXPECT_EQ(value(squared(out_KNC).value), 0);
  EXPECT_NEAR(value(weighted(out_KNC, normal({6, 4}, 5).softmax(1)).value), 0, 1e-30);
  EXPECT_NEAR(value(divergence_distillation(out_KNC, 2).value), 0, 1e-15);
}

TEST(MutualDistillation, does_not_see_the_order_of_the_experts) {
  const Tensor out_KNC = normal({4, 6, 3}, 6), w_NK = normal({6, 4}, 7).softmax(1),
               order = at::tensor({2, 0, 3, 1}, at::kLong);
  const Tensor other_KNC = out_KNC.index_select(0, order);
  EXPECT_NEAR(value(squared(out_KNC).value), value(squared(other_KNC).value), 1e-15);
  EXPECT_NEAR(value(weighted(out_KNC, w_NK).value),
              value(weighted(other_KNC, w_NK.index_select(1, order)).value), 1e-15);
  EXPECT_NEAR(value(divergence_distillation(out_KNC, 2).value),
              value(divergence_distillation(other_KNC, 2).value), 1e-15);
}

TEST(MutualDistillation, gradients_are_those_of_the_formulas) {
  const Tensor out_KNC = normal({3, 4, 2}, 8, true), scores_NK = normal({4, 3}, 9, true);
  EXPECT_LT(gradient_error([&] { return squared(out_KNC).value; }, {out_KNC}), 1e-8);
  EXPECT_LT(gradient_error([&] { return weighted(out_KNC, scores_NK.softmax(1)).value; },
                           {out_KNC, scores_NK}),
            1e-8);
}

TEST(MutualDistillation, gradient_is_the_deviation_from_the_mean) {
  const Tensor out_KNC = normal({3, 4, 2}, 10, true);
  squared(out_KNC).value.backward();
  const Tensor expected = 2. / 24 * (out_KNC - out_KNC.mean(0)).detach();
  EXPECT_LT(value((out_KNC.grad() - expected).abs().max()), 1e-15);
}

TEST(MutualDistillation, of_even_weights_is_the_unweighted_form) {
  const Tensor out_KNC = normal({4, 5, 3}, 11);
  EXPECT_NEAR(value(weighted(out_KNC, even_weights(5, 4)).value), value(squared(out_KNC).value),
              1e-14);
}

// Jacobs 1991: sum_i w_i ||e_i - y||^2 = ||ebar_w - y||^2 + sum_i w_i ||e_i - ebar_w||^2.
TEST(MutualDistillation, weighted_by_the_gate_makes_the_localised_loss_of_the_joint_one) {
  const Tensor out_KNC = normal({4, 5, 1}, 12), w_NK = normal({5, 4}, 13).softmax(1),
               y_N = normal({5}, 14);
  const Tensor out_NK = out_KNC.squeeze(2).t();
  const Tensor localised = (w_NK * (out_NK - y_N.unsqueeze(1)).square()).sum(1).mean(),
               joint = ((w_NK * out_NK).sum(1) - y_N).square().mean();
  EXPECT_NEAR(value(joint) + value(weighted(out_KNC, w_NK).value), value(localised), 1e-13);
}

TEST(MutualDistillation, weighted_by_the_gate_teaches_nothing_to_those_without_weight) {
  const Tensor out_KNC = normal({3, 4, 2}, 15, true);
  const Tensor w_NK = at::tensor({.5, .5, 0.}, at::kDouble).expand({4, 3});
  weighted(out_KNC, w_NK).value.backward();
  EXPECT_EQ(value(out_KNC.grad()[2].abs().max()), 0);
  EXPECT_GT(value(out_KNC.grad()[0].abs().max()), 0);
}

TEST(MutualDistillation, divergence_is_from_the_mean_prediction_at_a_temperature) {
  const Tensor out_KNC = normal({3, 4, 5}, 16);
  for (const double temperature : {1., 3.}) {
    const Tensor p_KNC = (out_KNC / temperature).softmax(2), mean_NC = p_KNC.mean(0);
    Tensor sum = at::zeros({}, at::kDouble);
    for (int64_t k = 0; k < 3; ++k)
      sum = sum + (mean_NC * (mean_NC.log() - p_KNC[k].log())).sum(1).mean() / 3;
    EXPECT_NEAR(value(divergence_distillation(out_KNC, temperature).value),
                temperature * temperature * value(sum), 1e-14);
  }
}

TEST(MutualDistillation, divergence_sends_no_gradient_through_the_teacher) {
  const Tensor out_KNC = normal({3, 4, 5}, 17, true);
  divergence_distillation(out_KNC, 2).value.backward();
  const Tensor p_KNC = (out_KNC / 2).softmax(2).detach();
  const Tensor expected = 4. / (3 * 4) * (p_KNC - p_KNC.mean(0)) / 2;
  EXPECT_LT(value((out_KNC.grad() - expected).abs().max()), 1e-15);
}

TEST(MutualDistillation, does_not_see_what_padding_holds) {
  const Tensor valid_N = at::tensor({1, 0, 1, 1, 0}, at::kLong).to(at::kBool);
  const Tensor rows = at::tensor({0, 2, 3}, at::kLong);
  Tensor out_KNC = normal({4, 5, 3}, 18);
  const Tensor w_NK = normal({5, 4}, 19).softmax(1), kept_KNC = out_KNC.index_select(1, rows);
  out_KNC.index_fill_(1, at::tensor({1, 4}, at::kLong), std::nan(""));
  const auto expect_same = [](const MutualDistillation& all, const MutualDistillation& kept) {
    EXPECT_NEAR(value(all.value), value(kept.value), 1e-14);
    if (kept.square.defined()) {
      EXPECT_NEAR(value(all.square), value(kept.square), 1e-14);
    }
  };
  expect_same(squared(out_KNC, valid_N), squared(kept_KNC));
  expect_same(weighted(out_KNC, w_NK, valid_N), weighted(kept_KNC, w_NK.index_select(0, rows)));
  expect_same(divergence_distillation(out_KNC, 2, valid_N), divergence_distillation(kept_KNC, 2));
}

TEST(MutualDistillation, of_bfloat16_is_computed_in_float32) {
  const Tensor out_KNC = normal({4, 64, 16}, 20).to(at::kBFloat16);
  const MutualDistillation found = squared(out_KNC);
  EXPECT_EQ(found.value.scalar_type(), at::kFloat);
  EXPECT_NEAR(value(found.value), value(squared(out_KNC.to(at::kDouble)).value), 1e-6);
}

TEST(MutualDistillation, weight_stays_rises_or_falls) {
  LossConfig config;
  config.mutual_distillation = .8;
  EXPECT_DOUBLE_EQ(mutual_weight(config, .25), .8);
  config.mutual_schedule = "rise";
  EXPECT_DOUBLE_EQ(mutual_weight(config, .25), .2);
  config.mutual_schedule = "fall";
  EXPECT_DOUBLE_EQ(mutual_weight(config, .25), .6);
}

}  // namespace
}  // namespace moestro
