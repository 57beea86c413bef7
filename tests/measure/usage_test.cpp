#include "moestro/measure/usage.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/core/error.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::normal;
using testing::thrown;

Tensor numbers(std::vector<double> values) {
  return at::tensor(values, at::kDouble);
}

// Three decisions over three experts, two chosen in each; the last sends its second row with weight
// 0, and nobody sends to expert 2 otherwise.
Routing routing() {
  const Tensor probs = at::tensor({.6, .3, .1, .2, .7, .1, .5, .1, .4}, at::kFloat).view({3, 3});
  const Tensor experts = at::tensor({0, 1, 1, 0, 0, 2}, at::kLong).view({3, 2});
  const Tensor weights = at::tensor({.6, .4, .8, .2, 1., 0.}, at::kFloat).view({3, 2});
  return {probs, probs, experts, weights};
}

TEST(Usage, counts_most_probable_experts_mean_probability_and_rows_sent) {
  const Usage shares = usage(routing());
  EXPECT_TRUE(at::allclose(shares.usage_E, numbers({2. / 3, 1. / 3, 0})));
  EXPECT_TRUE(at::allclose(shares.importance_E, numbers({1.3 / 3, 1.1 / 3, .6 / 3}), 1e-6));
  EXPECT_TRUE(at::allclose(shares.load_E, numbers({3. / 5, 2. / 5, 0})));
  EXPECT_EQ(shares.load_E.scalar_type(), at::kDouble);
}

TEST(Usage, reads_valid_decisions_only) {
  const Usage shares = usage(routing(), at::tensor({0, 1, 1}, at::kLong).to(at::kBool));
  EXPECT_TRUE(at::allclose(shares.usage_E, numbers({.5, .5, 0})));
  EXPECT_TRUE(at::allclose(shares.load_E, numbers({2. / 3, 1. / 3, 0})));
}

TEST(Usage, of_one_expert_is_all) {
  const Tensor one = at::ones({4, 1});
  const Usage shares = usage(dense_routing(one, one));
  for (const Tensor& share : {shares.usage_E, shares.importance_E, shares.load_E})
    EXPECT_TRUE(at::equal(share, numbers({1})));
}

TEST(Usage, follows_a_permutation_of_the_experts) {
  const Tensor probs = normal({20, 4}, 1).softmax(1);
  const Usage plain = usage(dense_routing(probs, probs));
  const Usage flipped = usage(dense_routing(probs.flip(1), probs.flip(1)));
  EXPECT_TRUE(at::equal(flipped.usage_E, plain.usage_E.flip(0)));
  EXPECT_TRUE(at::allclose(flipped.importance_E, plain.importance_E.flip(0)));
}

TEST(Usage, refuses_a_set_without_valid_decisions) {
  const Tensor none = at::zeros({3}, at::kBool);
  EXPECT_EQ(thrown<UserError>([&] { usage(routing(), none); }),
            "usage: no decisions; expected at least one valid row");
}

}  // namespace
}  // namespace moestro
