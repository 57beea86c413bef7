// The term of mutual distillation as a recipe asks for it.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/core/error.h"
#include "moestro/data/batches.h"
#include "moestro/objective/mutual_distillation.h"
#include "moestro/objective/objective.h"
#include "objective/distilled_values.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::normal;
using testing::squared;
using testing::thrown;
using testing::weighted;

constexpr int64_t kRows = 6, kExperts = 4;

double value(const Tensor& scalar) {
  return scalar.item<double>();
}

// What a top-k gate over all experts leaves behind.
MixtureTrace sparse_trace(int64_t chosen, uint64_t seed) {
  MixtureTrace trace;
  const Tensor scores_BE = normal({kRows, kExperts}, seed);
  const Tensor experts_BK = top_experts(scores_BE, chosen);
  trace.routing = {scores_BE, scores_BE.softmax(1), experts_BK,
                   scores_BE.gather(1, experts_BK).softmax(1)};
  trace.out_ENC = normal({kExperts, kRows, 3}, seed + 1, true);
  trace.out_NKC = chosen_outputs(*trace.out_ENC, experts_BK);
  return trace;
}

LossConfig with_term(double weight = .3) {
  LossConfig config;
  config.mutual_distillation = weight;
  return config;
}

LossTerms loss_of(const LossConfig& config, OutputKind output,
                  const std::vector<MixtureTrace>& traces, double progress = 0) {
  const Batch batch{{}, at::arange(kRows, at::kLong).remainder(3), {}};
  return Objective(config, output)(normal({kRows, 3}, 9).log_softmax(1), traces, batch, {},
                                   progress);
}

TEST(ObjectiveMutual, adds_the_term_of_all_experts_and_shows_their_size_beside_it) {
  const MixtureTrace trace = sparse_trace(2, 1);
  const LossTerms loss = loss_of(with_term(), OutputKind::logits, {trace});
  const MutualDistillation expected = squared(*trace.out_ENC);
  ASSERT_EQ(loss.terms.size(), 3u);
  EXPECT_EQ(loss.terms[1].name, "mutual_distillation");
  EXPECT_DOUBLE_EQ(value(loss.terms[1].value), value(expected.value));
  EXPECT_DOUBLE_EQ(loss.terms[1].weight, .3);
  EXPECT_EQ(loss.terms[2].name, "mutual_square");
  EXPECT_DOUBLE_EQ(value(loss.terms[2].value), value(expected.square));
  EXPECT_EQ(loss.terms[2].weight, 0);
  EXPECT_DOUBLE_EQ(value(loss.total), value(loss.terms[0].value) + .3 * value(expected.value));
}

TEST(ObjectiveMutual, of_the_chosen_reads_their_outputs_alone) {
  LossConfig config = with_term();
  config.mutual_experts = "chosen";
  MixtureTrace trace = sparse_trace(2, 2);
  trace.out_ENC.reset();
  EXPECT_DOUBLE_EQ(value(loss_of(config, OutputKind::logits, {trace}).terms[1].value),
                   value(squared(trace.out_NKC->transpose(0, 1)).value));
  const TraceNeeds needs = Objective(config, OutputKind::logits).needs();
  EXPECT_TRUE(needs.chosen_outputs);
  EXPECT_FALSE(needs.all_outputs);
}

TEST(ObjectiveMutual, of_all_asks_for_all_outputs) {
  const TraceNeeds needs = Objective(with_term(), OutputKind::logits).needs();
  EXPECT_TRUE(needs.all_outputs);
  EXPECT_FALSE(needs.chosen_outputs);
  EXPECT_FALSE(Objective({}, OutputKind::logits).needs().all_outputs);
}

TEST(ObjectiveMutual, teaches_experts_that_the_gate_did_not_choose) {
  const MixtureTrace trace = sparse_trace(1, 3);
  loss_of(with_term(), OutputKind::logits, {trace}).total.backward();
  EXPECT_GT(value(trace.out_ENC->grad().abs().amin()), 0);
}

TEST(ObjectiveMutual, of_a_mixture_of_probabilities_compares_log_probabilities) {
  const MixtureTrace trace = sparse_trace(2, 4);
  EXPECT_DOUBLE_EQ(value(loss_of(with_term(), OutputKind::probabilities, {trace}).terms[1].value),
                   value(squared(trace.out_ENC->log_softmax(2)).value));
}

TEST(ObjectiveMutual, weighted_by_the_gate_takes_its_probabilities_or_the_weights_of_the_chosen) {
  LossConfig config = with_term();
  config.mutual_form = "gate_weighted";
  const MixtureTrace trace = sparse_trace(2, 5);
  EXPECT_DOUBLE_EQ(value(loss_of(config, OutputKind::logits, {trace}).terms[1].value),
                   value(weighted(*trace.out_ENC, trace.routing.probs_BE).value));
  config.mutual_experts = "chosen";
  EXPECT_DOUBLE_EQ(value(loss_of(config, OutputKind::logits, {trace}).terms[1].value),
                   value(weighted(trace.out_NKC->transpose(0, 1), trace.routing.weights_BK).value));
}

TEST(ObjectiveMutual, decides_once_for_all_rows_of_a_sentence) {
  LossConfig config = with_term();
  config.mutual_form = "gate_weighted";
  config.mutual_experts = "chosen";
  MixtureTrace trace = sparse_trace(2, 6);
  trace.rows_per_decision = 2;
  trace.out_NKC = normal({2 * kRows, 2, 3}, 7);
  EXPECT_DOUBLE_EQ(value(loss_of(config, OutputKind::logits, {trace}).terms[1].value),
                   value(weighted(trace.out_NKC->transpose(0, 1),
                                  trace.routing.weights_BK.repeat_interleave(2, 0))
                             .value));
}

TEST(ObjectiveMutual, as_divergence_takes_its_temperature_and_shows_no_size) {
  LossConfig config = with_term();
  config.mutual_form = "kl";
  config.mutual_temperature = 2;
  const MixtureTrace trace = sparse_trace(2, 8);
  const LossTerms loss = loss_of(config, OutputKind::logits, {trace});
  ASSERT_EQ(loss.terms.size(), 2u);
  EXPECT_DOUBLE_EQ(value(loss.terms[1].value),
                   value(divergence_distillation(*trace.out_ENC, 2).value));
}

TEST(ObjectiveMutual, is_the_mean_over_mixture_layers) {
  const MixtureTrace first = sparse_trace(2, 10), second = sparse_trace(2, 12);
  EXPECT_DOUBLE_EQ(
      value(loss_of(with_term(), OutputKind::logits, {first, second}).terms[1].value),
      (value(squared(*first.out_ENC).value) + value(squared(*second.out_ENC).value)) / 2);
}

TEST(ObjectiveMutual, weighs_less_or_more_as_training_goes_on) {
  LossConfig config = with_term(.8);
  config.mutual_schedule = "rise";
  EXPECT_DOUBLE_EQ(loss_of(config, OutputKind::logits, {sparse_trace(2, 14)}, .5).terms[1].weight,
                   .4);
}

TEST(ObjectiveMutual, does_not_see_padded_rows) {
  MixtureTrace trace = sparse_trace(2, 20);
  const double all = value(loss_of(with_term(), OutputKind::logits, {trace}).terms[1].value);
  trace.valid_N = at::arange(kRows, at::kLong).lt(kRows - 2);
  const double valid = value(loss_of(with_term(), OutputKind::logits, {trace}).terms[1].value);
  EXPECT_NE(valid, all);
  EXPECT_NEAR(valid, value(squared(trace.out_ENC->narrow(1, 0, kRows - 2)).value), 1e-14);
}

TEST(ObjectiveMutual, without_outputs_to_read_is_refused) {
  MixtureTrace trace = sparse_trace(2, 22);
  trace.out_ENC.reset();
  EXPECT_EQ(thrown<UserError>([&] { loss_of(with_term(), OutputKind::logits, {trace}); }),
            "loss.mutual_distillation = 0.3 found no outputs of all experts to read; expected "
            "those that needs() asks for");
}

TEST(ObjectiveMutual, among_one_chosen_expert_is_refused) {
  LossConfig config = with_term();
  config.mutual_experts = "chosen";
  EXPECT_EQ(thrown<UserError>([&] { loss_of(config, OutputKind::logits, {sparse_trace(1, 16)}); }),
            "loss.mutual_distillation = 0.3 has no effect among the one expert that is chosen; "
            "expected loss.mutual_experts = \"all\", or more experts a decision");
}

TEST(ObjectiveMutual, of_no_layer_or_of_values_as_divergence_is_refused) {
  EXPECT_EQ(thrown<UserError>([&] { loss_of(with_term(), OutputKind::logits, {}); }),
            "loss.mutual_distillation = 0.3 found no mixture layer to read; expected a mixture, "
            "or 0");
  LossConfig config = with_term();
  config.kind = "least_squares";
  config.mutual_form = "kl";
  EXPECT_EQ(thrown<UserError>([&] { Objective(config, OutputKind::values); }),
            "loss.mutual_form = \"kl\" compares probabilities of classes; expected mixture.output "
            "= \"probabilities\" or \"logits\", or another form");
}

}  // namespace
}  // namespace moestro
