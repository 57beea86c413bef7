#include "gate_fixture.h"

#include <ATen/ATen.h>

namespace moestro {
namespace {

using namespace testing;

GateConfig keeping(int64_t k,
                   std::vector<std::string> layers = {"linear 4", "tanh", "linear experts"}) {
  GateConfig config = gate_config("sigmoid", std::move(layers));
  config.k = k;
  config.bias_rate = .25;
  return config;
}

Tensor bias(const Gate& gate) {
  for (const Buffer& buffer : gate.buffers())
    if (buffer.name == "gate.balance_bias") return buffer.value;
  ADD_FAILURE() << "no balance bias";
  return {};
}

// A gate whose scores are its bias vector, whatever arrives.
std::unique_ptr<Gate> constant_gate(int64_t k, std::vector<double> scores) {
  const int64_t experts = static_cast<int64_t>(scores.size());
  auto gate = exact_gate(keeping(k, {"linear experts"}), experts);
  parameter(*gate, "gate.0.weight").detach().zero_();
  parameter(*gate, "gate.0.bias").detach().copy_(at::tensor(scores, at::kDouble));
  return gate;
}

TEST(SigmoidGate, weighs_the_chosen_by_their_scaled_sigmoids) {
  const auto gate = constant_gate(2, {0, std::log(3.0), -5});
  const Routing routing = gate->route(gate_input(1, 3, 1), kTraining);
  const Tensor chosen = at::tensor({1, 0}, at::kLong).view({1, 2});
  EXPECT_TRUE(at::equal(routing.experts_BK, chosen));
  const Tensor weights = at::tensor({.75, .5}, at::kDouble).view({1, 2});
  EXPECT_TRUE(at::allclose(routing.weights_BK, weights / 1.25, 1e-13, 1e-13));
  const Tensor sigmoids = routing.scores_BE.sigmoid();
  EXPECT_TRUE(at::allclose(routing.probs_BE, sigmoids / sigmoids.sum(), 1e-13, 1e-13));
}

TEST(SigmoidGate, chooses_with_the_bias_and_weighs_without_it) {
  const auto gate = constant_gate(1, {0, std::log(3.0)});
  bias(*gate)[0] = .3;
  const Routing routing = gate->route(gate_input(1, 2, 2), kTraining);
  EXPECT_EQ(routing.experts_BK.item<int64_t>(), 0);
  EXPECT_DOUBLE_EQ(routing.weights_BK.item<double>(), 1);
  EXPECT_NEAR(routing.probs_BE[0][0].item<double>(), .4, 1e-13);
}

TEST(SigmoidGate, moves_the_bias_towards_experts_with_too_few_rows) {
  const auto gate = constant_gate(1, {0, 0, 0});
  Routing routing;
  routing.experts_BK = at::tensor({0, 0, 0, 1, 1, 2}, at::kLong).view({6, 1});
  gate->after_step(routing);
  EXPECT_TRUE(at::equal(bias(*gate), at::tensor({-.25, 0., .25}, at::kDouble)));
  gate->after_step(routing);
  EXPECT_TRUE(at::equal(bias(*gate), at::tensor({-.5, 0., .5}, at::kDouble)));
}

TEST(SigmoidGate, balances_experts_that_scores_alone_would_never_choose) {
  const auto gate = constant_gate(1, {2, 0, -2});
  const GateInput input = gate_input(4, 3, 3);
  Tensor seen = at::zeros({3}, at::kLong);
  for (int step = 0; step < 30; ++step) {
    const Routing routing = gate->route(input, kTraining);
    seen += routing.experts_BK.flatten().bincount({}, 3);
    gate->after_step(routing);
  }
  EXPECT_GT(seen.min().item<int64_t>(), 0);
}

TEST(SigmoidGate, keeps_the_bias_where_loads_are_even_or_all_are_chosen) {
  const auto gate = constant_gate(3, {2, 0, -2});
  const Routing routing = gate->route(gate_input(4, 3, 4), kTraining);
  EXPECT_TRUE(routing.dense());
  gate->after_step(routing);
  EXPECT_EQ(bias(*gate).abs().sum().item<double>(), 0);
}

TEST(SigmoidGate, frozen_keeps_its_bias) {
  const auto gate = constant_gate(1, {2, 0, -2});
  gate->freeze(true);
  gate->after_step(gate->route(gate_input(4, 3, 5), kTraining));
  EXPECT_EQ(bias(*gate).abs().sum().item<double>(), 0);
}

TEST(SigmoidGate, stays_finite_where_every_sigmoid_underflows) {
  const auto gate = constant_gate(2, {-2000, -2000, -2001});
  const Routing routing = gate->route(gate_input(1, 3, 6), kTraining);
  EXPECT_TRUE(at::allclose(routing.weights_BK, at::full({1, 2}, .5, at::kDouble)));
  EXPECT_NEAR(routing.probs_BE.sum().item<double>(), 1, 1e-12);
}

TEST(SigmoidGate, gradient_matches_differences) {
  const auto gate = exact_gate(keeping(2), 3);
  const GateInput input = gate_input(4, 3, 7);
  EXPECT_LT(gradient_error([&] { return probe(gate->route(input, kTraining)); }, leaves(*gate)),
            1e-8);
}

}  // namespace
}  // namespace moestro
