#include "gate_fixture.h"

#include <ATen/ATen.h>

#include "moestro/core/random.h"

namespace moestro {
namespace {

using namespace testing;

GateConfig keeping(int64_t k) {
  GateConfig config = gate_config("noisy_topk");
  config.k = k;
  return config;
}

ForwardContext at_step(uint64_t step) {
  return {true, 7, step};
}

TEST(NoisyTopKGate, in_evaluation_is_the_softmax_over_the_kept_clean_scores) {
  const auto gate = exact_gate(keeping(2), 4);
  const auto plain = exact_gate(gate_config("softmax"), 4);
  const GateInput input = gate_input(6, 4, 1);
  const Routing routing = gate->route(input, kEvaluation);
  const Tensor scores = plain->route(input, kEvaluation).scores_BE;
  EXPECT_TRUE(at::allclose(routing.scores_BE, scores, 1e-13, 1e-13));
  EXPECT_TRUE(at::equal(routing.experts_BK, top_experts(scores, 2)));
  const Tensor kept = scores.gather(1, routing.experts_BK).exp();
  EXPECT_TRUE(at::allclose(routing.weights_BK, kept / kept.sum(1, true), 1e-13, 1e-13));
  EXPECT_TRUE(at::allclose(routing.probs_BE, scores.softmax(1), 1e-13, 1e-13));
}

TEST(NoisyTopKGate, starts_with_noise_of_width_log_two_keyed_by_seed_and_step) {
  const auto gate = exact_gate(keeping(2), 4);
  const GateInput input = gate_input(6, 4, 2);
  const Tensor clean = gate->route(input, kEvaluation).scores_BE;
  const Tensor noise = gate->route(input, at_step(3)).scores_BE - clean;
  const RandomKey key{7, Stream::noise, "gate", 3};
  const Tensor draws = at::randn({6, 4}, generator(key), at::kFloat).to(at::kDouble);
  EXPECT_TRUE(at::allclose(noise, std::log(2.0) * draws, 1e-12, 1e-12));
}

TEST(NoisyTopKGate, draws_the_same_in_the_same_step_and_anew_in_the_next) {
  const auto gate = exact_gate(keeping(2), 4);
  const GateInput input = gate_input(6, 4, 3);
  const Tensor scores = gate->route(input, at_step(1)).scores_BE;
  EXPECT_TRUE(at::equal(gate->route(input, at_step(1)).scores_BE, scores));
  EXPECT_FALSE(at::equal(gate->route(input, at_step(2)).scores_BE, scores));
}

TEST(NoisyTopKGate, chooses_and_measures_by_the_noisy_scores) {
  const auto gate = exact_gate(keeping(2), 4);
  const Routing routing = gate->route(gate_input(50, 4, 4), kTraining);
  EXPECT_TRUE(at::equal(routing.experts_BK, top_experts(routing.scores_BE, 2)));
  EXPECT_TRUE(at::allclose(routing.probs_BE, routing.scores_BE.softmax(1), 1e-13, 1e-13));
}

TEST(NoisyTopKGate, keeping_all_experts_is_dense) {
  const auto gate = exact_gate(keeping(4), 4);
  const Routing routing = gate->route(gate_input(6, 4, 5), kTraining);
  EXPECT_TRUE(routing.dense());
  EXPECT_TRUE(at::equal(routing.experts_BK[0], at::arange(4, at::kLong)));
  EXPECT_TRUE(at::equal(routing.weights_BK, routing.probs_BE));
}

TEST(NoisyTopKGate, has_the_least_noise_besides_what_it_learns) {
  GateConfig config = gate_config("noisy_topk");
  const GateInput input = gate_input(6, 3, 4);
  const auto scores = [&] { return exact_gate(config, 3)->route(input, at_step(3)).scores_BE; };
  const Tensor without = scores();
  config.least_noise = .5;
  const RandomKey key{7, Stream::noise, "gate", 3};
  const Tensor draws = at::randn({6, 3}, generator(key), at::kFloat);
  EXPECT_TRUE(at::allclose(scores() - without, .5 * draws.to(at::kDouble), 1e-6, 1e-6));
}

TEST(NoisyTopKGate, frozen_is_without_noise) {
  const auto gate = exact_gate(keeping(2), 4);
  const GateInput input = gate_input(6, 4, 6);
  gate->freeze(true);
  EXPECT_TRUE(at::equal(gate->route(input, kTraining).scores_BE,
                        gate->route(input, kEvaluation).scores_BE));
}

TEST(NoisyTopKGate, gradient_matches_differences_through_the_noise_too) {
  const auto gate = exact_gate(keeping(2), 4);
  parameter(*gate, "gate.noise.weight").detach().copy_(normal({1, 4, 4}, 7));
  const GateInput input = gate_input(4, 4, 8);
  EXPECT_LT(gradient_error([&] { return probe(gate->route(input, kTraining)); }, leaves(*gate)),
            1e-7);
  EXPECT_GT(parameter(*gate, "gate.noise.weight").grad().abs().min().item<double>(), 0);
}

}  // namespace
}  // namespace moestro
