#include "moestro/train/evaluation.h"

#include <cmath>

#include <gtest/gtest.h>

#include "moestro/nn/classifier.h"
#include "moestro/nn/translator.h"
#include "train/toy.h"

namespace moestro {
namespace testing {
namespace {

// Texts of 2 to 9 tokens, from begin to end, in three classes.
Dataset made_up_texts(int64_t rows, uint64_t seed = 1) {
  Dataset texts;
  texts.name = "texts";
  texts.vocabulary = 20;
  texts.classes = 3;
  texts.class_names = {"a", "b", "c"};
  const Tensor lengths_N1 =
      uniform({seed, Stream::noise, "lengths", 0}, {rows, 1}, 2, 10).floor().to(at::kLong);
  const Tensor drawn_NT =
      uniform({seed, Stream::noise, "tokens", 0}, {rows, 9}, 3, 20).floor().to(at::kInt);
  const Tensor places_T = at::arange(9, at::kLong);
  texts.inputs = drawn_NT.masked_fill(places_T.eq(0).expand({rows, 9}), 1)
                     .masked_fill(places_T.eq(lengths_N1 - 1), 2)
                     .masked_fill(places_T.ge(lengths_N1), -1);
  texts.targets_N = at::arange(rows, at::kLong).remainder(3);
  return texts;
}

void expect_same(const Scores& ours, const Scores& theirs) {
  EXPECT_NEAR(ours.loss, theirs.loss, 1e-5 * theirs.loss);
  EXPECT_NEAR(ours.error, theirs.error, 1e-5 * theirs.error);
}

}  // namespace
}  // namespace testing

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

TEST(AnswerScores, of_translations_are_of_the_tokens_behind_the_first) {
  const Tensor targets_BU = at::tensor({1, 0, 2, 1, 2, -1}, at::kInt).view({2, 3});
  const Tensor logits_MV =
      at::tensor({.5, .25, .25, .1, .1, .8, .7, .2, .1}, at::kDouble).view({3, 3}).log();
  const AnswerScores scores = answer_scores(logits_MV, OutputKind::logits, targets_BU);
  EXPECT_TRUE(at::allclose(scores.loss_N, -at::tensor({.5, .8, .1}, at::kDouble).log(), 1e-6, 0));
  EXPECT_TRUE(at::equal(scores.error_N, at::tensor({0., 0., 1.}, at::kDouble)));
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

TEST_F(Evaluate, says_how_far_apart_lie_what_the_gate_mixes) {
  for (const char* output : {"probabilities", "logits"}) {
    RecipeDocument document;
    set_toy(document, {std::string("mixture.output=") + output});
    const Mixture mixture = build_mixture(document, {data.sample_shape(), data.classes});
    const Normaliser normaliser = Normaliser::fit(data);
    const Evaluation evaluation =
        evaluate(mixture, data, normaliser, {.batch = 7, .experts = true});
    const Tensor out_ENC =
        mixture.bank().forward_all(normaliser.apply(data.inputs), {}).out_ENC.to(at::kDouble);
    const Tensor mixed_ENC = std::string(output) == "logits" ? out_ENC : out_ENC.log_softmax(2);
    const double variance = (mixed_ENC[0] - mixed_ENC[1]).square().mean().item<double>() / 4,
                 square = mixed_ENC.square().mean().item<double>();
    EXPECT_NEAR(evaluation.disagreement, variance, 1e-5 * variance) << output;
    EXPECT_NEAR(evaluation.output_square, square, 1e-5 * square) << output;
  }
}

TEST_F(Evaluate, experts_of_values_disagree_in_standardised_units) {
  Dataset values = data;
  values.classes = 0;
  values.targets_N = at::arange(50).to(at::kFloat) * 100 + 5000;
  RecipeDocument document;
  set_toy(document, {"mixture.output=values", "loss.kind=least_squares",
                     "expert.layers=[\"linear 4\", \"relu\", \"linear 1\"]"});
  const Mixture mixture = build_mixture(document, {values.sample_shape(), 0});
  const Normaliser normaliser = Normaliser::fit(values);
  const Evaluation evaluation =
      evaluate(mixture, values, normaliser, {.batch = 7, .experts = true});
  const Tensor apart_N =
      (evaluation.expert_predicted_NE.select(1, 0) - evaluation.expert_predicted_NE.select(1, 1)) /
      normaliser.target_deviation();
  const double variance = apart_N.square().mean().item<double>() / 4;
  EXPECT_NEAR(evaluation.disagreement, variance, 1e-3 * variance);
}

TEST_F(Evaluate, scores_a_mixture_as_its_answers_do) {
  for (const auto& more :
       {std::vector<std::string>{}, {"mixture.output=logits"}, {"gate.kind=switch"}}) {
    RecipeDocument document;
    set_toy(document, more);
    const Mixture mixture = build_mixture(document, {data.sample_shape(), data.classes});
    const Normaliser normaliser = Normaliser::fit(data);
    testing::expect_same(
        score(mixture, data, normaliser, {.batch = 7}),
        score(evaluate(mixture, data, normaliser, {}), data.targets_N, data.classes));
  }
}

using testing::made_up_texts;

TransformerShape text_shape() {
  TransformerShape shape;
  shape.width = 8;
  shape.heads = 2;
  shape.hidden = 12;
  shape.longest = 12;
  return shape;
}

TEST(EvaluateTexts, keeps_the_rows_of_the_set_in_their_order_whatever_the_batches) {
  const Dataset texts = made_up_texts(23);
  const Classifier model(text_shape(), texts.vocabulary, {3}, 1);
  const Normaliser normaliser = Normaliser::fit(texts);
  std::vector<Tensor> alone;
  for (int64_t n = 0; n < 23; ++n)
    alone.push_back(model.forward(texts.inputs.narrow(0, n, 1), {}, {}).mixed_NC.log_softmax(1));
  const Tensor expected_NC = at::cat(alone);
  for (const int64_t tokens : {1, 17, 60, 8192}) {
    const Evaluation evaluation = evaluate(model, texts, normaliser, {.tokens = tokens});
    EXPECT_TRUE(at::allclose(evaluation.mixed_NC, expected_NC, 1e-5, 1e-6)) << tokens;
    EXPECT_TRUE(at::equal(evaluation.predicted_N, expected_NC.argmax(1))) << tokens;
    EXPECT_FALSE(evaluation.of_mixture());
  }
}

TEST(EvaluateTexts, gives_log_probabilities_in_float32_whatever_the_precision) {
  const Dataset texts = made_up_texts(9);
  const Classifier model(text_shape(), texts.vocabulary, {3}, 1);
  const Evaluation evaluation =
      evaluate(model, texts, Normaliser::fit(texts), {.precision = at::kBFloat16});
  EXPECT_EQ(evaluation.mixed_NC.scalar_type(), at::kFloat);
  EXPECT_TRUE(at::allclose(evaluation.mixed_NC.exp().sum(1), at::ones({9}), 1e-5, 1e-6));
}

TEST(EvaluateTexts, scores_classes_as_their_answers_do) {
  const Dataset texts = made_up_texts(23);
  const Classifier model(text_shape(), texts.vocabulary, {3}, 1);
  const Normaliser normaliser = Normaliser::fit(texts);
  const Scores expected =
      score(evaluate(model, texts, normaliser, {}), texts.targets_N, texts.classes);
  for (const int64_t tokens : {17, 8192})
    testing::expect_same(score(model, texts, normaliser, {.tokens = tokens}), expected);
}

TEST(EvaluateTexts, scores_values_in_the_units_of_the_target) {
  Dataset texts = made_up_texts(23);
  texts.classes = 0;
  texts.targets_N = at::arange(23).to(at::kFloat) * 100 + 5000;
  const Classifier model(text_shape(), texts.vocabulary, {1, OutputKind::values}, 1);
  const Normaliser normaliser = Normaliser::fit(texts);
  const Evaluation evaluation = evaluate(model, texts, normaliser, {});
  const Scores expected = score(evaluation, texts.targets_N, 0);
  const double wrong =
      (evaluation.predicted_N - texts.targets_N).to(at::kDouble).square().mean().item<double>();
  EXPECT_NEAR(expected.error, std::sqrt(wrong), 1e-6);
  EXPECT_GT(expected.error, 100);
  testing::expect_same(score(model, texts, normaliser, {.tokens = 17}), expected);
}

TEST(EvaluateTexts, scores_a_translation_by_its_words_each_given_those_before_it) {
  Dataset pairs = made_up_texts(11);
  pairs.classes = 0;
  pairs.targets_N = made_up_texts(11, /*seed=*/5).inputs;
  const Translator model(text_shape(), pairs.vocabulary, 1);
  const Normaliser normaliser = Normaliser::fit(pairs);
  double loss = 0, wrong = 0;
  int64_t words = 0;
  for (int64_t n = 0; n < 11; ++n) {
    const Tensor target = pairs.targets_N.narrow(0, n, 1);
    const Tensor log_MV = model.forward(pairs.inputs.narrow(0, n, 1), {.targets_N = target}, {})
                              .mixed_NC.log_softmax(1);
    const Tensor said_M =
        target[0].masked_select(target[0].ge(0)).narrow(0, 1, log_MV.size(0)).to(at::kLong);
    loss -= log_MV.gather(1, said_M.unsqueeze(1)).sum().item<double>();
    wrong += log_MV.argmax(1).ne(said_M).sum().item<double>();
    words += said_M.size(0);
  }
  const double count = static_cast<double>(words);
  for (const int64_t tokens : {17, 8192})
    testing::expect_same(score(model, pairs, normaliser, {.tokens = tokens}),
                         {loss / count, wrong / count});
}

}  // namespace
}  // namespace moestro
