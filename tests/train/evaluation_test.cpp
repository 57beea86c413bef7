#include "moestro/train/evaluation.h"

#include <cmath>

#include <gtest/gtest.h>

#include "train/toy.h"

namespace moestro {
namespace {

using testing::corners;
using testing::set_toy;

TEST(Score, of_classes_is_the_mean_log_likelihood_and_the_share_of_wrong_ones) {
  Evaluation evaluation;
  evaluation.mixed_NC = at::tensor({.5, .5, .9, .1}, at::kFloat).view({2, 2}).log();
  evaluation.predicted_N = at::tensor({0, 0}, at::kLong);
  const Scores scores = score(evaluation, at::tensor({0, 1}, at::kLong), 2);
  EXPECT_NEAR(scores.loss, -(std::log(.5) + std::log(.1)) / 2, 1e-6);
  EXPECT_EQ(scores.error, .5);
}

TEST(Score, of_values_is_in_the_units_of_the_target) {
  Evaluation evaluation;
  evaluation.predicted_N = at::tensor({1., 5.}, at::kFloat);
  const Scores scores = score(evaluation, at::tensor({4., 9.}, at::kFloat), 0);
  EXPECT_NEAR(scores.loss, 12.5, 1e-6);
  EXPECT_NEAR(scores.error, std::sqrt(12.5), 1e-6);
}

class Evaluate : public ::testing::Test {
 protected:
  Evaluation run(int64_t batch, const std::vector<std::string>& more = {}) {
    RecipeDocument document;
    set_toy(document, more);
    const Mixture mixture = build_mixture(document, {data.sample_shape(), data.classes});
    return evaluate(mixture, data, Normaliser::fit(data), {.batch = batch, .experts = true});
  }
  const Dataset data = corners(50);
};

TEST_F(Evaluate, does_not_depend_on_the_batch) {
  const Evaluation whole = run(50), parts = run(7);
  EXPECT_TRUE(at::allclose(whole.mixed_NC, parts.mixed_NC, 1e-5, 1e-6));
  EXPECT_TRUE(at::equal(whole.expert_predicted_NE, parts.expert_predicted_NE));
}

TEST_F(Evaluate, gives_a_row_for_each_sample_and_a_column_for_each_expert) {
  const Evaluation evaluation = run(16, {"gate.kind=noisy_topk", "gate.k=1"});
  EXPECT_EQ(evaluation.mixed_NC.sizes(), (at::IntArrayRef{50, 2}));
  EXPECT_EQ(evaluation.probs_NE.sizes(), (at::IntArrayRef{50, 2}));
  EXPECT_EQ(evaluation.experts_NK.sizes(), (at::IntArrayRef{50, 1}));
  EXPECT_EQ(evaluation.expert_predicted_NE.sizes(), (at::IntArrayRef{50, 2}));
}

TEST_F(Evaluate, with_one_chosen_expert_the_mixture_answers_what_the_expert_answers) {
  const Evaluation evaluation = run(16, {"gate.kind=noisy_topk", "gate.k=1"});
  EXPECT_TRUE(
      at::equal(evaluation.predicted_N,
                evaluation.expert_predicted_NE.gather(1, evaluation.experts_NK).squeeze(1)));
}

TEST_F(Evaluate, mixed_logits_are_returned_as_log_probabilities) {
  const Evaluation evaluation = run(50, {"mixture.output=logits"});
  EXPECT_TRUE(at::allclose(evaluation.mixed_NC.exp().sum(1), at::ones({50}), 1e-5, 1e-6));
}

}  // namespace
}  // namespace moestro
