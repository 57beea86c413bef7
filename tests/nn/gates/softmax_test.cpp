#include "gate_fixture.h"

#include <ATen/ATen.h>

namespace moestro {
namespace {

using namespace testing;

TEST(SoftmaxGate, is_the_softmax_of_its_networks_scores) {
  const auto gate = exact_gate(gate_config("softmax"), 3);
  const GateInput input = gate_input(6, 3, 1);
  const Routing routing = gate->route(input, kTraining);
  const Tensor hidden = at::tanh(input.x.matmul(parameter(*gate, "gate.0.weight")[0]) +
                                 parameter(*gate, "gate.0.bias")[0]);
  const Tensor scores =
      hidden.matmul(parameter(*gate, "gate.2.weight")[0]) + parameter(*gate, "gate.2.bias")[0];
  EXPECT_TRUE(at::allclose(routing.scores_BE, scores, 1e-13, 1e-13));
  EXPECT_TRUE(at::allclose(routing.probs_BE, scores.softmax(1), 1e-13, 1e-13));
  EXPECT_TRUE(routing.dense());
  EXPECT_TRUE(at::equal(routing.weights_BK, routing.probs_BE));
}

TEST(SoftmaxGate, gradient_matches_differences) {
  const auto gate = exact_gate(gate_config("softmax"), 3);
  const GateInput input = gate_input(4, 3, 2);
  EXPECT_LT(gradient_error([&] { return probe(gate->route(input, kTraining)); }, leaves(*gate)),
            1e-8);
}

TEST(SoftmaxGate, permuting_its_outputs_permutes_the_experts) {
  const auto gate = exact_gate(gate_config("softmax"), 3);
  const GateInput input = gate_input(6, 3, 3);
  const Tensor before = gate->route(input, kEvaluation).probs_BE.detach().clone();
  for (const char* name : {"gate.2.weight", "gate.2.bias"}) {
    const Tensor value = parameter(*gate, name);
    value.set_data(value.detach().flip(-1));
  }
  EXPECT_TRUE(at::allclose(gate->route(input, kEvaluation).probs_BE, before.flip(1), 1e-13, 1e-13));
}

TEST(SoftmaxGate, of_bfloat16_scores_gives_float32_probabilities) {
  const auto gate = exact_gate(gate_config("softmax"), 3);
  convert(gate->parameters(), gate->buffers(), at::kBFloat16);
  const Routing routing = gate->route({normal({4, 3}, 4).to(at::kBFloat16), {}}, kEvaluation);
  EXPECT_EQ(routing.scores_BE.scalar_type(), at::kBFloat16);
  EXPECT_TRUE(at::equal(routing.probs_BE, routing.scores_BE.to(at::kFloat).softmax(1)));
}

TEST(SoftmaxGate, begins_even_where_its_last_layer_starts_at_zero) {
  GateConfig config = gate_config("softmax");
  config.start = 0;
  const auto gate = exact_gate(config, 3);
  const Tensor probs_BE = gate->route(gate_input(6, 3, 5), kTraining).probs_BE;
  EXPECT_TRUE(at::allclose(probs_BE, at::full_like(probs_BE, 1. / 3), 1e-14, 1e-14));
  EXPECT_GT(parameter(*gate, "gate.0.weight").abs().max().item<double>(), 0);
}

TEST(SoftmaxGate, start_scales_the_last_layer_alone) {
  GateConfig config = gate_config("softmax");
  const auto whole = exact_gate(config, 3);
  config.start = .5;
  const auto half = exact_gate(config, 3);
  for (const char* name : {"gate.2.weight", "gate.2.bias"})
    EXPECT_TRUE(at::equal(parameter(*half, name), parameter(*whole, name) * .5)) << name;
  EXPECT_TRUE(at::equal(parameter(*half, "gate.0.weight"), parameter(*whole, "gate.0.weight")));
}

}  // namespace
}  // namespace moestro
