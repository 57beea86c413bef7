#include "moestro/nn/mixing.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/core/error.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::gradient_error;
using testing::normal;
using testing::thrown;

constexpr OutputKind kKinds[] = {OutputKind::probabilities, OutputKind::logits, OutputKind::values};

TEST(OutputKind, is_read_by_name) {
  for (const OutputKind kind : kKinds) EXPECT_EQ(output_kind(output_name(kind)), kind);
  EXPECT_EQ(thrown<UserError>([] { output_kind("odds"); }),
            "mixture.output = \"odds\"; expected one of probabilities, logits, values");
}

TEST(Mix, of_probabilities_is_the_log_of_their_weighted_sum) {
  for (const int64_t classes : {1, 5, 15, 16, 40}) {
    const Tensor out = normal({4, 3, classes}, 1), weights = normal({4, 3}, 2).softmax(1);
    const Tensor expected = (weights.unsqueeze(2) * out.softmax(2)).sum(1).log();
    const Tensor mixed = mix(out, weights, OutputKind::probabilities);
    EXPECT_TRUE(at::allclose(mixed, expected, 1e-13, 1e-13)) << classes;
    EXPECT_TRUE(at::allclose(mixed.exp().sum(1), at::ones({4}, at::kDouble), 1e-13, 1e-13));
  }
}

TEST(Mix, of_logits_and_values_is_their_weighted_sum) {
  const Tensor out = normal({4, 3, 5}, 3), weights = normal({4, 3}, 4).softmax(1);
  const Tensor expected = at::einsum("nk,nkc->nc", {weights, out});
  EXPECT_TRUE(at::allclose(mix(out, weights, OutputKind::logits), expected, 1e-13, 1e-13));
  EXPECT_TRUE(at::allclose(mix(out, weights, OutputKind::values), expected, 1e-13, 1e-13));
}

TEST(Mix, of_one_expert_is_that_expert) {
  const Tensor out = normal({1, 1, 5}, 5), one = at::ones({1, 1}, at::kDouble);
  EXPECT_TRUE(at::allclose(mix(out, one, OutputKind::probabilities), out.squeeze(1).log_softmax(1),
                           1e-13, 1e-13));
  EXPECT_TRUE(at::equal(mix(out, one, OutputKind::values), out.squeeze(1)));
}

TEST(Mix, of_probabilities_survives_outputs_whose_probability_underflows) {
  const Tensor out = at::tensor({0.f, -300.f, -200.f, 0.f}).view({1, 2, 2});
  const Tensor weights = at::tensor({1.f, 0.f}).view({1, 2});
  EXPECT_FLOAT_EQ(mix(out, weights, OutputKind::probabilities)[0][1].item<float>(), -300);
}

TEST(Mix, a_weight_of_zero_leaves_an_expert_out_without_a_nan) {
  const Tensor out = normal({2, 2, 3}, 6, true);
  const Tensor weights =
      at::tensor({1., 0., 0., 1.}, at::kDouble).view({2, 2}).set_requires_grad(true);
  for (const OutputKind kind : kKinds) {
    mix(out, weights, kind).select(1, 0).sum().backward();
    EXPECT_TRUE(out.grad().isfinite().all().item<bool>());
    EXPECT_TRUE(weights.grad().isfinite().all().item<bool>());
    EXPECT_EQ(out.grad()[0][1].abs().sum().item<double>(), 0);
  }
}

TEST(Mix, gradient_matches_differences) {
  const Tensor out = normal({3, 2, 4}, 7, true), scores = normal({3, 2}, 8, true);
  for (const OutputKind kind : kKinds)
    EXPECT_LT(gradient_error(
                  [&] {
                    return (mix(out, scores.softmax(1), kind) * normal({3, 4}, 9)).sum();
                  },
                  {out, scores}),
              1e-8);
}

TEST(Mix, does_not_depend_on_the_order_of_experts) {
  const Tensor out = normal({4, 3, 5}, 10), weights = normal({4, 3}, 11).softmax(1);
  for (const OutputKind kind : kKinds)
    EXPECT_TRUE(at::allclose(mix(out.flip(1), weights.flip(1), kind), mix(out, weights, kind),
                             1e-13, 1e-13));
}

TEST(Mix, of_bfloat16_outputs_is_computed_in_float32) {
  const Tensor out = normal({2, 2, 3}, 12).to(at::kBFloat16), weights = at::full({2, 2}, .5);
  for (const OutputKind kind : kKinds) {
    const Tensor mixed = mix(out, weights, kind);
    EXPECT_EQ(mixed.scalar_type(), at::kFloat);
    EXPECT_TRUE(at::equal(mixed, mix(out.to(at::kFloat), weights, kind)));
  }
}

TEST(Mix, refuses_weights_of_another_shape) {
  EXPECT_THROW(mix(normal({2, 3, 4}, 13), normal({2, 2}, 14), OutputKind::logits), InternalError);
}

TEST(LogWeights, of_zero_is_minus_infinity_without_a_gradient) {
  const Tensor weights = at::tensor({.5, 0.}, at::kDouble).set_requires_grad(true);
  const Tensor logs = log_weights(weights);
  logs.exp().sum().backward();
  EXPECT_DOUBLE_EQ(logs[0].item<double>(), std::log(.5));
  EXPECT_TRUE(logs[1].isneginf().item<bool>());
  EXPECT_TRUE(at::equal(weights.grad(), at::tensor({1., 0.}, at::kDouble)));
}

}  // namespace
}  // namespace moestro
