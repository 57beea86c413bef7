#include "moestro/measure/accuracy.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::thrown;

// Four samples, three experts. Expert 0 owns two, is right about one of them and about another;
// expert 1 owns two and is right about one; expert 2 owns none and is never right.
const Tensor kLabels = at::tensor({0, 1, 2, 3}, at::kLong);
const Tensor kPredicted = at::tensor({0, 3, 3, 3, 0, 0, 2, 2, 1, 1, 1, 0}, at::kLong).view({4, 3});
const Tensor kProbs =
    at::tensor({.8, .1, .1, .6, .3, .1, .2, .5, .3, .1, .9, .0}, at::kFloat).view({4, 3});

TEST(ExpertAccuracy, is_the_share_of_right_answers_on_all_samples) {
  const Tensor expected = at::tensor({.5, .25, 0.}, at::kDouble);
  EXPECT_TRUE(at::equal(expert_accuracy(kPredicted, kLabels), expected));
}

TEST(OwnAccuracy, is_the_share_of_right_answers_on_owned_samples_and_nan_without_any) {
  const Tensor own = own_accuracy(kPredicted, kProbs, kLabels);
  EXPECT_TRUE(at::equal(own.narrow(0, 0, 2), at::tensor({.5, .5}, at::kDouble)));
  EXPECT_TRUE(own[2].isnan().item<bool>());
}

TEST(OwnerPrediction, is_the_prediction_of_the_most_probable_expert) {
  EXPECT_TRUE(at::equal(owner_prediction(kPredicted, kProbs), at::tensor({0, 3, 2, 1}, at::kLong)));
}

TEST(OwnerPrediction, goes_to_the_lower_index_where_probabilities_are_equal) {
  EXPECT_TRUE(
      at::equal(owner_prediction(kPredicted, at::full({4, 3}, 1. / 3)), kPredicted.select(1, 0)));
}

TEST(HardTop1Accuracy, is_the_mean_of_the_own_accuracies_weighted_by_usage) {
  EXPECT_DOUBLE_EQ(hard_top1_accuracy(kPredicted, kProbs, kLabels), .5 * .5 + .5 * .5);
}

TEST(HardTop1Accuracy, of_one_expert_is_its_accuracy) {
  const Tensor predicted = kPredicted.narrow(1, 0, 1);
  EXPECT_DOUBLE_EQ(hard_top1_accuracy(predicted, at::ones({4, 1}), kLabels),
                   expert_accuracy(predicted, kLabels).item<double>());
}

TEST(BalancedAccuracy, is_the_mean_over_the_classes_that_occur) {
  // Class 0: 2 of 4 right, class 2: 1 of 1; class 1 does not occur.
  const Tensor labels = at::tensor({0, 0, 0, 0, 2}, at::kLong);
  EXPECT_DOUBLE_EQ(balanced_accuracy(at::tensor({0, 0, 1, 2, 2}, at::kLong), labels), .75);
  EXPECT_EQ(
      thrown<UserError>([&] { balanced_accuracy(labels.narrow(0, 0, 0), labels.narrow(0, 0, 0)); }),
      "accuracy: the set is empty; expected at least one sample");
}

TEST(Accuracies, refuse_an_empty_set) {
  const Tensor none = at::empty({0}, at::kLong);
  EXPECT_EQ(thrown<UserError>([&] {
              expert_accuracy(at::empty({0, 3}, at::kLong), none);
            }),
            "accuracy: the set is empty; expected at least one sample");
}

}  // namespace
}  // namespace moestro
