#include "moestro/measure/who_is_right.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/core/error.h"
#include "moestro/measure/accuracy.h"
#include "thrown.h"

namespace moestro {
namespace {

// Five samples of class 1, three experts. Expert 0 owns 0, 1, 2 and has 0 right; expert 1 owns 3
// and 4 and has both right; expert 2 owns none. Sample 1: experts 1 and 2 are right; sample 2:
// nobody.
const Tensor kLabels = at::ones({5}, at::kLong);
const Tensor kPredicted =
    at::tensor({1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 1, 1}, at::kLong).view({5, 3});
const Tensor kProbs = at::one_hot(at::tensor({0, 0, 0, 1, 1}, at::kLong), 3).to(at::kFloat);

TEST(RightByOwner, is_the_share_of_the_owners_samples_that_another_answers_rightly) {
  const Tensor right = right_by_owner(kPredicted, kProbs, kLabels);
  const Tensor expected =
      at::tensor({1. / 3, 1. / 3, 1. / 3, .5, 1., .5}, at::kDouble).view({2, 3});
  EXPECT_TRUE(at::allclose(right.narrow(0, 0, 2), expected, 0, 1e-15));
  EXPECT_TRUE(right[2].isnan().all().item<bool>());
}

TEST(RightByOwner, has_the_own_accuracies_on_its_diagonal) {
  const Tensor predicted = at::floor(testing::normal({60, 4}, 1).abs() * 2).to(at::kLong);
  const Tensor labels = at::floor(testing::normal({60}, 2).abs() * 2).to(at::kLong);
  const Tensor probs = testing::normal({60, 4}, 3).softmax(1);
  const Tensor right = right_by_owner(predicted, probs, labels);
  EXPECT_TRUE(at::allclose(right.diagonal(), own_accuracy(predicted, probs, labels), 0, 1e-15));
  // And the accuracies on all as means of its rows, weighted with what each expert owns.
  const Tensor share = at::one_hot(probs.argmax(1), 4).to(at::kDouble).mean(0);
  EXPECT_TRUE(at::allclose(share.matmul(right), expert_accuracy(predicted, labels), 0, 1e-14));
}

TEST(MistakenOwner, counts_what_another_had_right_and_the_owner_wrong) {
  const Tensor counts = mistaken_owner(kPredicted, kProbs, kLabels);
  const Tensor expected = at::tensor({0, 1, 1, 0, 0, 0, 0, 0, 0}, at::kLong).view({3, 3});
  EXPECT_TRUE(at::equal(counts, expected));
}

TEST(OracleAccuracy, is_the_share_of_samples_that_some_expert_has_right) {
  EXPECT_DOUBLE_EQ(oracle_accuracy(kPredicted, kLabels), .8);
}

TEST(OracleAccuracy, is_reached_by_a_gate_that_picks_a_right_expert) {
  const Tensor predicted = at::floor(testing::normal({80, 3}, 5).abs() * 3).to(at::kLong);
  const Tensor labels = at::floor(testing::normal({80}, 6).abs() * 3).to(at::kLong);
  const Tensor right = (predicted == labels.unsqueeze(1)).to(at::kFloat);
  EXPECT_DOUBLE_EQ(hard_top1_accuracy(predicted, right, labels),
                   oracle_accuracy(predicted, labels));
  const Tensor probs = testing::normal({80, 3}, 7).softmax(1);
  EXPECT_LE(hard_top1_accuracy(predicted, probs, labels), oracle_accuracy(predicted, labels));
}

TEST(RescuableErrors, are_the_mixtures_errors_that_some_expert_has_right) {
  // Wrong about samples 0, 1 and 2: of these only 2 is beyond all experts.
  EXPECT_DOUBLE_EQ(rescuable_errors(kPredicted, at::tensor({0, 0, 0, 1, 1}, at::kLong), kLabels),
                   2. / 3);
}

TEST(RescuableErrors, are_unknown_without_errors) {
  EXPECT_TRUE(std::isnan(rescuable_errors(kPredicted, kLabels, kLabels)));
}

TEST(WhoIsRight, does_not_depend_on_the_order_of_the_experts) {
  const Tensor flipped = right_by_owner(kPredicted.flip(1), kProbs.flip(1), kLabels).flip({0, 1});
  EXPECT_TRUE(at::equal(flipped.narrow(0, 0, 2),
                        right_by_owner(kPredicted, kProbs, kLabels).narrow(0, 0, 2)));
  EXPECT_EQ(oracle_accuracy(kPredicted.flip(1), kLabels), oracle_accuracy(kPredicted, kLabels));
}

TEST(WhoIsRight, refuses_an_empty_set) {
  const Tensor none = at::empty({0}, at::kLong), nobody = at::empty({0, 3}, at::kLong);
  const std::string expected = "who is right: the set is empty; expected at least one sample";
  EXPECT_EQ(testing::thrown<UserError>([&] {
              right_by_owner(nobody, at::empty({0, 3}), none);
            }),
            expected);
  EXPECT_EQ(testing::thrown<UserError>([&] {
              mistaken_owner(nobody, at::empty({0, 3}), none);
            }),
            expected);
  EXPECT_EQ(testing::thrown<UserError>([&] { oracle_accuracy(nobody, none); }), expected);
  EXPECT_EQ(testing::thrown<UserError>([&] { rescuable_errors(nobody, none, none); }), expected);
}

}  // namespace
}  // namespace moestro
