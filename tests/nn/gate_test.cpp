#include "moestro/nn/gate.h"

#include <set>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gates/gate_fixture.h"
#include "moestro/core/error.h"
#include "thrown.h"

namespace moestro {
namespace {

using namespace testing;

constexpr const char* kKinds[] = {"softmax",   "noisy_topk", "switch",
                                  "attentive", "sigmoid",    "fixed"};
constexpr const char* kLearned[] = {"softmax", "noisy_topk", "switch", "attentive", "sigmoid"};

std::string refusal(const GateConfig& config, int64_t experts) {
  return thrown<UserError>([&] { make_gate(config, gate_setting(experts)); });
}

TEST(Gate, of_any_kind_gives_one_distribution_a_sample) {
  for (const char* kind : kKinds)
    for (const auto& [rows, experts, k] : {std::tuple{6, 4, 2}, {1, 4, 2}, {6, 1, 1}, {5, 3, 3}}) {
      GateConfig config = gate_config(kind);
      config.k = k;
      const auto gate = exact_gate(config, experts);
      const Routing routing = gate->route(gate_input(rows, experts, 1), kTraining);
      SCOPED_TRACE(fmt::format("{} B = {} E = {} k = {}", kind, rows, experts, k));
      EXPECT_EQ(routing.probs_BE.sizes(), at::IntArrayRef({rows, experts}));
      EXPECT_EQ(routing.scores_BE.sizes(), at::IntArrayRef({rows, experts}));
      EXPECT_EQ(routing.experts_BK.sizes(), routing.weights_BK.sizes());
      EXPECT_EQ(routing.experts_BK.scalar_type(), at::kLong);
      EXPECT_TRUE(at::allclose(routing.probs_BE.sum(1).to(at::kDouble),
                               at::ones({rows}, at::kDouble), 1e-6));
      EXPECT_EQ(gate->sparse(), !routing.dense());
      EXPECT_EQ(routing.experts_BK.size(1), experts_a_row(config, experts));
      EXPECT_EQ(gate->chosen().value_or(experts), experts_a_row(config, experts));
      if (routing.dense()) {
        EXPECT_TRUE(at::equal(routing.experts_BK[0], at::arange(experts, at::kLong)));
      }
      const Tensor sum_B = routing.weights_BK.sum(1).to(at::kDouble);
      const bool scaled = std::string(kind) != "switch";
      EXPECT_TRUE(at::allclose(
          sum_B, scaled ? at::ones_like(sum_B) : routing.probs_BE.amax(1).to(at::kDouble)));
    }
}

TEST(Gate, of_one_expert_gives_it_all_the_weight) {
  for (const char* kind : kKinds) {
    GateConfig config = gate_config(kind);
    config.k = 1;
    const Routing routing = exact_gate(config, 1)->route(gate_input(3, 1, 2), kTraining);
    EXPECT_TRUE(at::equal(routing.weights_BK.to(at::kDouble), at::ones({3, 1}, at::kDouble)))
        << kind;
  }
}

TEST(Gate, of_any_kind_starts_from_the_same_weights) {
  const auto softmax = make_gate(gate_config("softmax"), gate_setting(3));
  for (const char* kind : kLearned) {
    const auto gate = make_gate(gate_config(kind), gate_setting(3));
    for (const Parameter& value : gate->parameters()) {
      if (value.name == "gate.query.weight" || value.name == "gate.key.weight" ||
          value.name == "gate.noise.weight")
        continue;
      EXPECT_TRUE(at::equal(value.value, parameter(*softmax, value.name))) << kind << value.name;
    }
  }
}

TEST(Gate, names_each_of_its_tensors_once) {
  for (const char* kind : kKinds) {
    const auto gate = make_gate(
        gate_config(kind, {"linear 4", "batchnorm", "relu", "linear experts"}), gate_setting(3));
    std::set<std::string> names;
    for (const Parameter& value : gate->parameters()) {
      EXPECT_TRUE(names.insert(value.name).second) << kind << " " << value.name;
      EXPECT_TRUE(value.name.starts_with("gate."));
      EXPECT_EQ(value.value.size(0), 1);
      EXPECT_TRUE(value.value.requires_grad());
    }
    for (const Buffer& value : gate->buffers())
      EXPECT_TRUE(names.insert(value.name).second) << kind << " " << value.name;
  }
}

TEST(Gate, frozen_gives_its_parameters_no_gradient) {
  for (const char* kind : kLearned) {
    const auto gate = exact_gate(gate_config(kind), 3);
    GateInput input = gate_input(4, 3, 3);
    input.x.set_requires_grad(true);
    gate->freeze(true);
    probe(gate->route(input, kTraining)).backward();
    for (const Parameter& value : gate->parameters()) {
      EXPECT_FALSE(value.value.grad().defined()) << kind << " " << value.name;
      EXPECT_TRUE(value.frozen->at(0));
    }
    EXPECT_TRUE(input.x.grad().defined()) << kind;
    gate->freeze(false);
    probe(gate->route(input, kTraining)).backward();
    for (const Parameter& value : gate->parameters())
      EXPECT_TRUE(value.value.grad().defined()) << kind << " " << value.name;
  }
}

TEST(Gate, frozen_uses_and_keeps_the_running_statistics_of_batch_norm) {
  const auto gate =
      exact_gate(gate_config("softmax", {"linear 4", "batchnorm", "relu", "linear experts"}), 3);
  const GateInput input = gate_input(6, 3, 4);
  const Tensor evaluated = gate->route(input, kEvaluation).probs_BE;
  EXPECT_FALSE(at::allclose(gate->route(input, kTraining).probs_BE, evaluated));
  std::vector<Tensor> before;
  for (const Buffer& value : gate->buffers()) before.push_back(value.value.clone());
  const Tensor later = gate->route(input, kEvaluation).probs_BE;
  gate->freeze(true);
  EXPECT_TRUE(at::equal(gate->route(input, kTraining).probs_BE, later));
  for (size_t i = 0; i < before.size(); ++i)
    EXPECT_TRUE(at::equal(gate->buffers()[i].value, before[i]));
}

TEST(Gate, refuses_k_outside_the_experts) {
  for (const char* kind : {"noisy_topk", "sigmoid"}) {
    GateConfig config = gate_config(kind);
    config.k = 4;
    EXPECT_EQ(refusal(config, 3), "gate.k = 4; expected 1 to 3, the number of experts");
    config.k = 0;
    EXPECT_EQ(refusal(config, 3), "gate.k = 0; expected 1 to 3, the number of experts");
  }
}

TEST(Gate, refuses_layers_that_do_not_end_in_a_score_an_expert) {
  EXPECT_EQ(refusal(gate_config("softmax", {"linear experts", "relu"}), 3),
            "gate.layers: ends in \"relu\"; expected \"linear experts\" as the last layer");
  const std::string message = refusal(gate_config("softmax", {"linear 4"}), 3);
  EXPECT_TRUE(message.starts_with("gate.layers[0] \"linear 4\"")) << message;
}

TEST(Gate, refuses_an_unknown_kind) {
  EXPECT_EQ(refusal(gate_config("softmin"), 3),
            "gate.kind = \"softmin\"; expected one of softmax, noisy_topk, switch, attentive, "
            "sigmoid, fixed, classes");
}

TEST(Gate, positive_kernels_are_the_absolute_values_of_the_drawn_ones) {
  GateConfig config =
      gate_config("softmax", {"conv 2 3", "relu", "linear 4", "relu", "linear experts"});
  GateSetting setting = gate_setting(3);
  setting.input = {1, 6, 6};
  const auto drawn = make_gate(config, setting);
  config.kernels = "positive";
  const auto positive = make_gate(config, setting);
  EXPECT_LT(parameter(*drawn, "gate.0.weight").min().item<double>(), 0);
  EXPECT_TRUE(
      at::equal(parameter(*positive, "gate.0.weight"), parameter(*drawn, "gate.0.weight").abs()));
  for (const char* name : {"gate.0.bias", "gate.2.weight", "gate.4.weight"})
    EXPECT_TRUE(at::equal(parameter(*positive, name), parameter(*drawn, name))) << name;
  EXPECT_TRUE(parameter(*positive, "gate.0.weight").requires_grad());
}

}  // namespace
}  // namespace moestro
