#include "gate_fixture.h"

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "thrown.h"

namespace moestro {
namespace {

using namespace testing;

GateConfig weighted(std::vector<double> weights) {
  GateConfig config = gate_config("fixed");
  config.weights = std::move(weights);
  return config;
}

std::string refusal(std::vector<double> weights) {
  return thrown<UserError>([&] { make_gate(weighted(weights), gate_setting(3)); });
}

TEST(FixedGate, gives_even_weights_unless_told_otherwise) {
  const auto gate = make_gate(gate_config("fixed"), gate_setting(4));
  const Routing routing = gate->route(gate_input(3, 4, 1), kTraining);
  EXPECT_TRUE(routing.dense());
  EXPECT_TRUE(at::equal(routing.probs_BE, at::full({3, 4}, .25)));
  EXPECT_TRUE(gate->parameters().empty());
}

TEST(FixedGate, scales_given_weights_to_sum_one) {
  const auto gate = make_gate(weighted({1, 3, 0}), gate_setting(3));
  const Routing routing = gate->route(gate_input(2, 3, 2), kTraining);
  EXPECT_TRUE(at::equal(routing.weights_BK, at::tensor({.25f, .75f, 0.f}).expand({2, 3})));
}

TEST(FixedGate, refuses_weights_that_do_not_fit) {
  EXPECT_EQ(refusal({1, 1}), "gate.weights has 2 entries; expected 3, one an expert");
  EXPECT_EQ(refusal({0, 0, 0}), "gate.weights are all 0; expected at least one above 0");
  EXPECT_EQ(refusal({1, -1, 1}), "gate.weights: -1; expected numbers of at least 0");
}

TEST(FrozenGate, gives_its_routing_for_batches_of_its_size) {
  const Routing routing = forced_routing(at::tensor({2, 0}, at::kLong).view({2, 1}), 3);
  const auto gate = make_frozen_gate(routing);
  EXPECT_TRUE(
      at::equal(gate->route(gate_input(2, 3, 3), kTraining).experts_BK, routing.experts_BK));
  EXPECT_EQ(thrown<UserError>([&] { gate->route(gate_input(3, 3, 4), kTraining); }),
            "frozen gate: a batch of 3 rows; expected the 2 it was made for");
}

}  // namespace
}  // namespace moestro
