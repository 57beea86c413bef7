#include "gate_fixture.h"

#include <ATen/ATen.h>

namespace moestro {
namespace {

using namespace testing;

TEST(SwitchGate, sends_a_sample_to_the_best_expert_weighted_with_its_probability) {
  const auto gate = exact_gate(gate_config("switch"), 3);
  const Routing routing = gate->route(gate_input(8, 3, 1), kTraining);
  const auto [best, expert] = routing.scores_BE.softmax(1).max(1, true);
  EXPECT_TRUE(at::equal(routing.experts_BK, expert));
  EXPECT_TRUE(at::allclose(routing.weights_BK, best, 1e-13, 1e-13));
  EXPECT_TRUE(at::allclose(routing.probs_BE, routing.scores_BE.softmax(1), 1e-13, 1e-13));
}

TEST(SwitchGate, with_equal_scores_takes_the_first_expert) {
  const auto gate = exact_gate(gate_config("switch", {"linear experts"}), 4);
  for (const Tensor& value : leaves(*gate)) value.detach().zero_();
  const Routing routing = gate->route(gate_input(3, 4, 2), kEvaluation);
  EXPECT_EQ(routing.experts_BK.abs().sum().item<int64_t>(), 0);
  EXPECT_TRUE(at::equal(routing.weights_BK, at::full({3, 1}, .25, at::kDouble)));
}

TEST(SwitchGate, gradient_matches_differences) {
  const auto gate = exact_gate(gate_config("switch"), 3);
  const GateInput input = gate_input(4, 3, 3);
  EXPECT_LT(gradient_error([&] { return probe(gate->route(input, kTraining)); }, leaves(*gate)),
            1e-8);
}

}  // namespace
}  // namespace moestro
