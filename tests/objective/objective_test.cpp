#include "moestro/objective/objective.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/core/error.h"
#include "moestro/data/batches.h"
#include "moestro/objective/balance.h"
#include "moestro/objective/gate_targets.h"
#include "moestro/objective/task_loss.h"
#include "objective/dense_trace.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::dense_trace;
using testing::normal;
using testing::thrown;

double value(const Tensor& scalar) {
  return scalar.item<double>();
}

const Tensor kTargets = at::tensor({0, 1, 2}, at::kLong);

Batch of(const Tensor& targets_N) {
  return {{}, targets_N, {}};
}

LossConfig of_kind(const std::string& kind) {
  LossConfig config;
  config.kind = kind;
  return config;
}

TEST(Objective, lists_the_task_loss_first_and_adds_the_weighted_terms) {
  LossConfig config;
  config.importance = .4;
  config.z_loss = .01;
  config.switch_balance = .1;
  const MixtureTrace trace = dense_trace(3, 2, 1);
  const Tensor mixed = normal({3, 4}, 2).log_softmax(1);
  const LossTerms loss = Objective(config, OutputKind::probabilities)(mixed, {trace}, of(kTargets));
  ASSERT_EQ(loss.terms.size(), 4u);
  EXPECT_EQ(loss.terms[0].name, "expectation");
  EXPECT_EQ(loss.terms[1].name, "importance");
  EXPECT_EQ(loss.terms[2].name, "switch_balance");
  EXPECT_EQ(loss.terms[3].name, "z_loss");
  EXPECT_DOUBLE_EQ(value(loss.terms[1].value), value(importance_loss(trace.routing.probs_BE)));
  EXPECT_DOUBLE_EQ(loss.terms[1].weight, .4);
  double total = 0;
  for (const LossTerm& term : loss.terms) total += term.weight * value(term.value);
  EXPECT_NEAR(value(loss.total), total, 1e-14);
}

TEST(Objective, without_weights_is_the_task_loss_alone) {
  const Tensor mixed = normal({3, 4}, 3).log_softmax(1);
  const LossTerms loss = Objective({}, OutputKind::probabilities)(mixed, {}, of(kTargets));
  ASSERT_EQ(loss.terms.size(), 1u);
  EXPECT_DOUBLE_EQ(value(loss.total),
                   value(expectation_loss(mixed, kTargets, OutputKind::probabilities)));
}

TEST(Objective, smooths_the_labels_as_it_is_told) {
  LossConfig config;
  config.label_smoothing = .3;
  const Tensor logits = normal({3, 4}, 3);
  EXPECT_NEAR(value(Objective(config, OutputKind::logits)(logits, {}, of(kTargets)).total),
              value(at::cross_entropy_loss(logits, kTargets, {}, at::Reduction::Mean, -100, .3)),
              1e-14);
}

TEST(Objective, compares_a_row_with_each_word_that_a_translation_has_to_say) {
  // Begin, words, end; -1 behind it: the answers are 4, 2, 5, 6, 2 and 2.
  const Tensor targets_BU =
      at::tensor({1, 4, 2, -1, 1, 5, 6, 2, 1, 2, -1, -1}, at::kInt).view({3, 4});
  const Tensor answers_N = at::tensor({4, 2, 5, 6, 2, 2}, at::kLong), logits = normal({6, 7}, 4);
  EXPECT_DOUBLE_EQ(value(Objective({}, OutputKind::logits)(logits, {}, of(targets_BU)).total),
                   value(at::cross_entropy_loss(logits, answers_N)));
}

TEST(Objective, averages_a_term_over_mixture_layers) {
  LossConfig config;
  config.z_loss = 1;
  const MixtureTrace a = dense_trace(3, 2, 4), b = dense_trace(5, 3, 5);
  const Tensor mixed = normal({3, 4}, 6).log_softmax(1);
  const LossTerms loss = Objective(config, OutputKind::probabilities)(mixed, {a, b}, of(kTargets));
  EXPECT_NEAR(value(loss.terms[1].value),
              (value(z_loss(a.routing.scores_BE)) + value(z_loss(b.routing.scores_BE))) / 2, 1e-14);
}

TEST(Objective, a_decision_counts_if_any_of_its_rows_does) {
  LossConfig config;
  config.importance = 1;
  MixtureTrace trace = dense_trace(3, 2, 7);
  trace.rows_per_decision = 2;
  trace.valid_N = at::tensor({1, 1, 1, 0, 0, 0}, at::kLong).to(at::kBool);
  const Tensor mixed = normal({3, 4}, 8).log_softmax(1);
  const LossTerms loss = Objective(config, OutputKind::probabilities)(mixed, {trace}, of(kTargets));
  EXPECT_DOUBLE_EQ(value(loss.terms[1].value),
                   value(importance_loss(trace.routing.probs_BE.narrow(0, 0, 2))));
}

TEST(Objective, the_losses_of_every_expert_ask_for_all_outputs) {
  EXPECT_TRUE(Objective(of_kind("stochastic"), OutputKind::probabilities).needs().all_outputs);
  EXPECT_TRUE(Objective(of_kind("competitive"), OutputKind::probabilities).needs().all_outputs);
  EXPECT_FALSE(Objective({}, OutputKind::probabilities).needs().all_outputs);
}

TEST(Objective, reads_every_experts_output_from_the_trace) {
  MixtureTrace trace = dense_trace(3, 2, 9);
  const Tensor out_NEC = normal({3, 2, 4}, 10);
  trace.out_ENC = out_NEC.transpose(0, 1);
  const Tensor probs = trace.routing.probs_BE;
  const Objective stochastic(of_kind("stochastic"), OutputKind::probabilities);
  const Objective competitive(of_kind("competitive"), OutputKind::probabilities);
  EXPECT_DOUBLE_EQ(value(stochastic({}, {trace}, of(kTargets)).total),
                   value(stochastic_loss(out_NEC, probs, kTargets)));
  EXPECT_DOUBLE_EQ(value(competitive({}, {trace}, of(kTargets)).total),
                   value(competitive_loss(out_NEC, probs, kTargets)));
}

TEST(Objective, gives_experts_that_a_sparse_gate_left_out_no_weight) {
  MixtureTrace trace = dense_trace(3, 3, 11);
  trace.routing.experts_BK = top_experts(trace.routing.scores_BE, 1);
  trace.routing.weights_BK = at::ones({3, 1}, at::kDouble);
  const Tensor out_NEC = normal({3, 3, 4}, 12, true);
  trace.out_ENC = out_NEC.transpose(0, 1);
  Objective(of_kind("competitive"), OutputKind::probabilities)({}, {trace}, of(kTargets))
      .total.backward();
  const Tensor touched_NE = (out_NEC.grad().abs().sum(2) > 0).to(at::kLong);
  EXPECT_TRUE(at::equal(touched_NE.argmax(1, true), trace.routing.experts_BK));
  EXPECT_EQ(touched_NE.sum().item<int64_t>(), 3);
}

TEST(Objective, refuses_a_loss_that_does_not_fit_the_output) {
  const auto message = [](const std::string& kind, OutputKind output) {
    return thrown<UserError>([&] { Objective(of_kind(kind), output); });
  };
  EXPECT_EQ(message("expectation", OutputKind::values),
            "loss.kind = \"expectation\" does not fit mixture.output = \"values\"; expected "
            "loss.kind = \"least_squares\"");
  EXPECT_EQ(message("least_squares", OutputKind::logits),
            "loss.kind = \"least_squares\" does not fit mixture.output = \"logits\"; expected "
            "mixture.output = \"values\"");
  EXPECT_EQ(message("stochastic", OutputKind::logits),
            "loss.kind = \"stochastic\" does not fit mixture.output = \"logits\"; expected "
            "mixture.output = \"probabilities\"");
  EXPECT_EQ(message("hinge", OutputKind::logits),
            "loss.kind = \"hinge\"; expected one of expectation, stochastic, competitive, "
            "least_squares");
}

TEST(Objective, refuses_a_term_that_finds_nothing_to_read) {
  LossConfig config;
  config.importance = .4;
  const Objective objective(config, OutputKind::logits);
  EXPECT_EQ(thrown<UserError>([&] {
              objective(normal({3, 4}, 13), {}, of(kTargets));
            }),
            "loss.importance = 0.4 found no mixture layer to read; expected a mixture, or 0");
}

TEST(Objective, refuses_a_term_without_effect) {
  LossConfig config;
  config.importance = .4;
  const Objective objective(config, OutputKind::logits);
  EXPECT_EQ(
      thrown<UserError>([&] {
        objective(normal({3, 4}, 14), {dense_trace(3, 1, 15)}, of(kTargets));
      }),
      "loss.importance = 0.4 has no effect with one expert; expected expert.count of at least "
      "2, or 0");
}

TEST(Objective, refuses_a_loss_of_every_expert_without_their_outputs) {
  const Objective objective(of_kind("stochastic"), OutputKind::probabilities);
  EXPECT_EQ(thrown<UserError>([&] { objective({}, {dense_trace(3, 2, 16)}, of(kTargets)); }),
            "loss.kind = \"stochastic\" reads the outputs of every expert of one mixture; found 1 "
            "mixture layers without them");
}

TEST(Objective, weighs_the_task) {
  LossConfig config;
  config.task = .5;
  const Tensor mixed = normal({3, 4}, 26, true);
  const LossTerms loss = Objective(config, OutputKind::logits)(mixed, {}, of(kTargets));
  EXPECT_EQ(loss.terms[0].weight, .5);
  EXPECT_DOUBLE_EQ(value(loss.total), .5 * value(loss.terms[0].value));
}

TEST(Objective, without_the_task_learns_from_the_terms_alone) {
  LossConfig config;
  config.task = 0;
  config.z_loss = .5;
  const Tensor mixed = normal({3, 4}, 27, true);
  const MixtureTrace trace = dense_trace(3, 2, 28);
  const LossTerms loss = Objective(config, OutputKind::logits)(mixed, {trace}, of(kTargets));
  EXPECT_DOUBLE_EQ(value(loss.terms[0].value),
                   value(expectation_loss(mixed, kTargets, OutputKind::logits)));
  EXPECT_DOUBLE_EQ(value(loss.total), .5 * value(z_loss(trace.routing.scores_BE)));
  loss.total.backward();
  EXPECT_FALSE(mixed.grad().defined());
}

TEST(Objective, refuses_a_loss_of_nothing) {
  LossConfig config;
  config.task = 0;
  EXPECT_EQ(thrown<UserError>([&] { Objective(config, OutputKind::logits); }),
            "loss.task = 0 leaves nothing to learn from; expected a weight for a term");
}

TEST(Objective, distils_the_teachers_gate) {
  LossConfig config;
  config.gate_distillation = 2;
  const MixtureTrace trace = dense_trace(3, 2, 29);
  const Tensor mixed = normal({3, 4}, 30), teacher = normal({3, 2}, 31).softmax(1);
  const Objective objective(config, OutputKind::logits);
  const LossTerms loss = objective(mixed, {trace}, of(kTargets), {teacher, {}});
  EXPECT_EQ(loss.terms[1].name, "gate_distillation");
  EXPECT_DOUBLE_EQ(value(loss.terms[1].value),
                   value(gate_divergence(trace.routing.probs_BE, teacher)));
  EXPECT_EQ(thrown<UserError>([&] { objective(mixed, {trace}, of(kTargets)); }),
            "loss.gate_distillation = 2 needs a teacher; expected start.run");
  const Tensor wider = normal({3, 5}, 32).softmax(1);
  EXPECT_EQ(thrown<UserError>([&] {
              objective(mixed, {trace}, of(kTargets), {wider, {}});
            }),
            "loss.gate_distillation = 2 has a teacher of 5 experts for 2; expected as many");
}

TEST(Objective, teaches_the_gate_who_is_right) {
  LossConfig config;
  config.gate_correctness = 1;
  const Objective objective(config, OutputKind::logits);
  EXPECT_TRUE(objective.needs().all_outputs);
  MixtureTrace trace = dense_trace(3, 2, 33);
  const Tensor mixed = normal({3, 4}, 34), out_NEC = normal({3, 2, 4}, 35, true);
  EXPECT_EQ(thrown<UserError>([&] { objective(mixed, {trace}, of(kTargets)); }),
            "loss.gate_correctness = 1 reads the outputs of every expert of one mixture; found 1 "
            "mixture layers without them");
  trace.out_ENC = out_NEC.transpose(0, 1);
  const LossTerms loss = objective(mixed, {trace}, of(kTargets));
  EXPECT_DOUBLE_EQ(
      value(loss.terms[1].value),
      value(gate_divergence(trace.routing.probs_BE, correctness_targets(out_NEC, kTargets))));
  loss.total.backward();
  EXPECT_FALSE(out_NEC.grad().defined());
}

TEST(Objective, refuses_to_ask_who_is_right_about_a_value) {
  LossConfig config = of_kind("least_squares");
  config.gate_correctness = 1;
  EXPECT_EQ(thrown<UserError>([&] { Objective(config, OutputKind::values); }),
            "loss.gate_correctness = 1 reads the likelihood of a class; expected mixture.output = "
            "\"probabilities\" or \"logits\", or 0");
}

TEST(Objective, learns_values_by_least_squares) {
  const Tensor mixed = normal({3, 1}, 17), targets = normal({3}, 18);
  const LossTerms loss =
      Objective(of_kind("least_squares"), OutputKind::values)(mixed, {}, of(targets));
  EXPECT_DOUBLE_EQ(value(loss.total), value(at::mse_loss(mixed.squeeze(1), targets)));
}

}  // namespace
}  // namespace moestro
