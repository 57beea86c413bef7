#include "gate_fixture.h"

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "moestro/core/random.h"
#include "moestro/store/safetensors.h"
#include "test_paths.h"
#include "thrown.h"

namespace moestro {
namespace {

using namespace testing;

GateConfig reading(const std::string& side) {
  GateConfig config = gate_config("attentive");
  config.query = side;
  return config;
}

// tests/reference/attentive_gate.py: the gate's and experts' tensors, and what a plain program of
// PyTorch makes of them.
class AttentiveReference : public ::testing::TestWithParam<std::string> {};

TEST_P(AttentiveReference, agrees_on_scores_probabilities_and_gradients) {
  const SafetensorsFile file(std::filesystem::path(kSourceDir) / "tests" / "reference" /
                             "attentive_gate.safetensors");
  const auto read = [&](const std::string& name) { return file.tensor(name).clone(); };
  const auto result = [&](const std::string& name) { return read(GetParam() + "." + name); };
  const Tensor hidden = read("hidden_EBF").set_requires_grad(true);
  const auto gate = exact_gate(reading(GetParam()), hidden.size(0));
  for (const Parameter& parameter : gate->parameters())
    parameter.value.set_data(read(parameter.name));

  const Routing routing = gate->route({read("x_BD"), hidden}, kTraining);
  EXPECT_TRUE(at::allclose(routing.scores_BE, result("scores_BE"), 1e-12, 1e-12));
  EXPECT_TRUE(at::allclose(routing.probs_BE, result("probs_BE"), 1e-12, 1e-12));
  (routing.probs_BE * read("probe_BE")).sum().backward();
  EXPECT_TRUE(at::allclose(hidden.grad(), result("hidden_EBF.grad"), 1e-11, 1e-12));
  for (const Parameter& parameter : gate->parameters())
    EXPECT_TRUE(
        at::allclose(parameter.value.grad(), result(parameter.name + ".grad"), 1e-11, 1e-12))
        << parameter.name;
}

INSTANTIATE_TEST_SUITE_P(Query, AttentiveReference, ::testing::Values("before", "after"));

TEST(AttentiveGate, takes_query_and_key_weights_from_their_names) {
  const auto gate = make_gate(gate_config("attentive"), gate_setting(2));
  const Tensor query = uniform({11, Stream::init, "gate.query.weight", 0}, {4, 4}, -.5, .5);
  EXPECT_TRUE(at::equal(parameter(*gate, "gate.query.weight")[0], query));
  const double bound = 1 / std::sqrt(5.0);
  const Tensor key = uniform({11, Stream::init, "gate.key.weight", 0}, {5, 4}, -bound, bound);
  EXPECT_TRUE(at::equal(parameter(*gate, "gate.key.weight")[0], key));
  EXPECT_EQ(gate->parameters().size(), 4u);
  EXPECT_TRUE(gate->needs_hidden());
}

TEST(AttentiveGate, gradient_matches_differences) {
  for (const char* side : {"before", "after"}) {
    const auto gate = exact_gate(reading(side), 3);
    GateInput input = gate_input(4, 3, 1);
    input.hidden_EBF.set_requires_grad(true);
    std::vector<Tensor> all = leaves(*gate);
    all.push_back(input.hidden_EBF);
    EXPECT_LT(gradient_error([&] { return probe(gate->route(input, kTraining)); }, all), 1e-8);
  }
}

TEST(AttentiveGate, stops_the_gradient_into_the_experts_when_told) {
  GateConfig config = gate_config("attentive");
  config.stop_gradient = true;
  const auto gate = exact_gate(config, 3);
  GateInput input = gate_input(4, 3, 2);
  input.hidden_EBF.set_requires_grad(true);
  probe(gate->route(input, kTraining)).backward();
  EXPECT_FALSE(input.hidden_EBF.grad().defined());
  EXPECT_GT(parameter(*gate, "gate.key.weight").grad().abs().sum().item<double>(), 0);
}

TEST(AttentiveGate, permuting_the_experts_permutes_the_probabilities) {
  const auto gate = exact_gate(gate_config("attentive"), 3);
  const GateInput input = gate_input(6, 3, 3);
  const Tensor probs = gate->route(input, kEvaluation).probs_BE;
  const Tensor flipped = gate->route({input.x, input.hidden_EBF.flip(0)}, kEvaluation).probs_BE;
  EXPECT_TRUE(at::allclose(flipped, probs.flip(1), 1e-13, 1e-13));
}

TEST(AttentiveGate, finds_an_image_gates_hidden_layer) {
  GateConfig config =
      gate_config("attentive", {"conv 2 3", "relu", "linear 6", "relu", "linear experts"});
  const auto gate = make_gate(config, {{1, 5, 5}, 2, 5, 11, "gate.layers"});
  EXPECT_EQ(parameter(*gate, "gate.query.weight").sizes(), at::IntArrayRef({1, 6, 6}));
  const Routing routing = gate->route({at::zeros({3, 1, 5, 5}), at::zeros({2, 3, 5})}, kEvaluation);
  EXPECT_TRUE(at::equal(routing.probs_BE, at::full({3, 2}, .5)));
}

TEST(AttentiveGate, refuses_a_gate_or_experts_without_a_hidden_layer) {
  EXPECT_EQ(thrown<UserError>(
                [] { make_gate(gate_config("attentive", {"linear experts"}), gate_setting(3)); }),
            "gate.layers: has no hidden layer; expected one before the last linear, since "
            "gate.kind = \"attentive\" makes its query of it");
  GateSetting bare = gate_setting(3);
  bare.expert_hidden = 0;
  EXPECT_EQ(
      thrown<UserError>([&] { make_gate(gate_config("attentive"), bare); }),
      "gate.kind = \"attentive\" reads hidden layer 1 of the experts, counted from the last, but "
      "expert.layers have no such one; expected that many activations before their last linear");
}

TEST(AttentiveGate, normalised_scores_are_cosines_times_the_root_of_the_width) {
  GateConfig config = gate_config("attentive");
  config.normalise = true;
  const auto gate = exact_gate(config, 3);
  GateInput input = gate_input(6, 3, 8);
  const Tensor scores_BE = gate->route(input, kEvaluation).scores_BE;
  const Tensor query_BH = input.x.matmul(parameter(*gate, "gate.0.weight")[0])
                              .add(parameter(*gate, "gate.0.bias")[0])
                              .matmul(parameter(*gate, "gate.query.weight")[0]);
  const Tensor key_BEH =
      input.hidden_EBF.transpose(0, 1).matmul(parameter(*gate, "gate.key.weight")[0]);
  const Tensor cosine_BE = at::cosine_similarity(query_BH.unsqueeze(1), key_BEH, -1);
  EXPECT_TRUE(at::allclose(scores_BE, 2 * cosine_BE, 1e-4, 1e-4));
  // However large the experts' values grow: they cannot saturate the gate.
  input.hidden_EBF = input.hidden_EBF * 1e6;
  EXPECT_LE(gate->route(input, kEvaluation).scores_BE.abs().max().item<double>(), 2);
}

TEST(AttentiveGate, normalised_gradient_matches_differences) {
  GateConfig config = gate_config("attentive");
  config.normalise = true;
  const auto gate = exact_gate(config, 3);
  GateInput input = gate_input(4, 3, 9);
  input.hidden_EBF.set_requires_grad(true);
  std::vector<Tensor> all = leaves(*gate);
  all.push_back(input.hidden_EBF);
  EXPECT_LT(gradient_error([&] { return probe(gate->route(input, kTraining)); }, all), 1e-7);
}

TEST(AttentiveGate, begins_even_where_its_query_starts_at_zero) {
  GateConfig config = gate_config("attentive");
  config.start = 0;
  const auto gate = exact_gate(config, 4);
  const Tensor probs_BE = gate->route(gate_input(6, 4, 10), kTraining).probs_BE;
  EXPECT_TRUE(at::allclose(probs_BE, at::full_like(probs_BE, .25), 1e-14, 1e-14));
}

}  // namespace
}  // namespace moestro
