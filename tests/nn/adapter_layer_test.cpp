#include "moestro/nn/adapter_layer.h"

#include <set>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/core/error.h"
#include "store/expect_error.h"
#include "thrown.h"

namespace moestro {
namespace {

using namespace testing;

const ForwardContext kEvaluation, kTraining{.training = true, .seed = 3, .step = 2};

AdapterShape small() {
  return {.width = 4, .experts = 3, .hidden = 5};
}

// Values that a trained layer could have.
void fill(const AdapterLayer& layer) {
  uint64_t seed = 0;
  for (const Parameter& parameter : layer.parameters())
    parameter.value.set_data(normal(parameter.value.sizes().vec(), ++seed));
}

AdapterLayer exact(const AdapterShape& shape, int64_t tasks = 1) {
  AdapterLayer layer(shape, "side", 5);
  for (int64_t t = 0; t < tasks; ++t) layer.add_task();
  fill(layer);
  return layer;
}

Packing ragged() {
  return Packing(at::tensor({2, 4, 1}, at::kLong), at::kCPU);
}

Tensor answer(const AdapterLayer& layer, const Tensor& x_ND, const Packing& rows, int64_t task = 0,
              const ForwardContext& context = kEvaluation) {
  return layer.forward(x_ND, rows, task, context, {})->y_ND;
}

Tensor named(const std::vector<Parameter>& parameters, const std::string& name) {
  for (const Parameter& parameter : parameters)
    if (parameter.name == name) return parameter.value;
  ADD_FAILURE() << "no parameter " << name;
  return {};
}

// relu(x U + a) D + b, from the stored tensors.
Tensor adapter(const FeedForwardBank& bank, int64_t e, const Tensor& x_ND) {
  const ExpertTensors tensors = bank.tensors();
  return (x_ND.mm(tensors.at("up.weight", e)) + tensors.at("up.bias", e))
             .clamp_min(0)
             .mm(tensors.at("down.weight", e)) +
         tensors.at("down.bias", e);
}

TEST(AdapterLayer, adds_nothing_before_it_has_learned) {
  AdapterShape shape = small();
  shape.shared = 2;
  shape.shared_gate = true;
  AdapterLayer layer(shape, "side", 5);
  layer.add_task();
  const Tensor x_ND = normal({7, 4}, 1).to(at::kFloat);
  for (const ForwardContext& context : {kEvaluation, kTraining})
    EXPECT_TRUE(answer(layer, x_ND, ragged(), 0, context).eq(0).all().item<bool>());
}

// By a loop over sentences, their two best experts, and the formula.
TEST(AdapterLayer, sends_a_sentence_where_its_first_row_says) {
  const AdapterLayer layer = exact(small());
  const Packing rows = ragged();
  const Tensor x_ND = normal({7, 4}, 1), found = answer(layer, x_ND, rows);
  const Tensor weight_DE = named(layer.parameters(), "side.gate.0.0.weight")[0];
  const Tensor bias_E = named(layer.parameters(), "side.gate.0.0.bias")[0];
  std::set<int64_t> used;
  const std::vector<int64_t> begins = {0, 2, 6, 7};
  for (int64_t b = 0; b < 3; ++b) {
    const Tensor scores_E = x_ND[begins[b]].matmul(weight_DE) + bias_E;
    const auto [best_2, experts_2] = scores_E.topk(2);
    const Tensor weights_2 = best_2.softmax(0);
    const Tensor x = x_ND.slice(0, begins[b], begins[b + 1]);
    Tensor sum = at::zeros_like(x);
    for (int64_t k = 0; k < 2; ++k) {
      used.insert(experts_2[k].item<int64_t>());
      sum = sum + weights_2[k] * adapter(layer.bank(), experts_2[k].item<int64_t>(), x);
    }
    EXPECT_TRUE(at::allclose(found.slice(0, begins[b], begins[b + 1]), .1 * sum, 1e-9, 1e-10)) << b;
  }
  EXPECT_EQ(used.size(), 3u);  // or the case would show less than it says
}

TEST(AdapterLayer, shared_experts_meet_every_row_of_every_task) {
  AdapterShape shape = small();
  const Tensor x_ND = normal({7, 4}, 2);
  const AdapterLayer without = exact(shape, 2);
  for (const int64_t shared : {1, 2}) {
    shape.shared = shared;
    AdapterLayer layer = exact(shape, 2);
    for (const Parameter& parameter : without.parameters())
      named(layer.parameters(), parameter.name).set_data(parameter.value.detach());
    Tensor sum_ND = at::zeros({7, 4}, at::kDouble);
    for (int64_t s = 0; s < shared; ++s) sum_ND = sum_ND + .1 * adapter(*layer.shared(), s, x_ND);
    for (const int64_t task : {0, 1})
      EXPECT_TRUE(at::allclose(answer(layer, x_ND, ragged(), task),
                               answer(without, x_ND, ragged(), task) + sum_ND, 1e-9, 1e-10));
  }
}

TEST(AdapterLayer, gradients_match_differences) {
  AdapterShape shape = small();
  shape.shared = 1;
  const AdapterLayer layer = exact(shape);
  const Packing rows(2, 2, at::kCPU);
  const Tensor x_ND = normal({4, 4}, 5, true), probe = normal({4, 4}, 6);
  std::vector<Tensor> leaves{x_ND};
  for (const Parameter& parameter : layer.parameters(0)) leaves.push_back(parameter.value);
  for (const ForwardContext& context : {kEvaluation, kTraining})
    EXPECT_LT(gradient_error([&] { return (answer(layer, x_ND, rows, 0, context) * probe).sum(); },
                             leaves),
              1e-7);
}

TEST(AdapterLayer, grows_without_a_change_to_what_earlier_tasks_get) {
  AdapterShape shape = small();
  AdapterLayer layer(shape, "side", 5);
  layer.add_task();
  for (const Parameter& parameter : layer.parameters())
    parameter.value.set_data(normal(parameter.value.sizes().vec(), 8).to(at::kFloat));
  const Tensor x_ND = normal({7, 4}, 3).to(at::kFloat);
  const MixtureLayerOutput before = *layer.forward(x_ND, ragged(), 0, kEvaluation, {true, true});
  layer.freeze(1);
  layer.grow(2);
  EXPECT_EQ(layer.add_task(), 1);
  for (const Parameter& parameter : layer.bank().parameters())
    if (parameter.name == "side.experts.down.weight")
      parameter.value.detach().narrow(0, 3, 2).fill_(7);
  const MixtureLayerOutput after = *layer.forward(x_ND, ragged(), 0, kEvaluation, {true, true});
  EXPECT_TRUE(after.y_ND.equal(before.y_ND));
  EXPECT_TRUE(after.trace.routing.probs_BE.equal(before.trace.routing.probs_BE));
  EXPECT_TRUE(after.trace.routing.experts_BK.equal(before.trace.routing.experts_BK));
  EXPECT_EQ(after.trace.out_ENC->sizes(), (Shape{3, 12, 4}));
  EXPECT_EQ(layer.experts_of(0), 3);
  EXPECT_EQ(layer.experts_of(1), 5);
  EXPECT_EQ(layer.forward(x_ND, ragged(), 1, kEvaluation, {})->trace.routing.probs_BE.size(1), 5);
  EXPECT_EQ(layer.bank().frozen(), (FreezeMask{false, true, false, false, false}));
}

TEST(AdapterLayer, new_experts_are_drawn_as_those_of_a_larger_layer) {
  AdapterShape shape = small();
  AdapterLayer grown(shape, "side", 5);
  const std::vector<Parameter> seen = grown.parameters(-1);
  seen[0].value.mutable_grad() = at::ones({3, 4, 5});
  grown.grow(1);
  grown.grow(2);
  shape.experts = 6;
  const std::vector<Parameter> expected = AdapterLayer(shape, "side", 5).parameters(-1);
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_TRUE(seen[i].value.equal(expected[i].value)) << seen[i].name;
    EXPECT_TRUE(seen[i].value.requires_grad());
    EXPECT_EQ(seen[i].frozen->size(), 6u);
  }
  EXPECT_FALSE(seen[0].value.grad().defined());
}

TEST(AdapterLayer, trains_the_bank_and_the_gate_of_one_task) {
  const AdapterLayer layer = exact(small(), 2);
  const Tensor x_ND = normal({7, 4}, 4);
  answer(layer, x_ND, ragged(), 1, kTraining).square().sum().backward();
  std::set<std::string> names;
  for (const Parameter& parameter : layer.parameters(1)) {
    EXPECT_TRUE(parameter.value.grad().defined()) << parameter.name;
    names.insert(parameter.name);
  }
  EXPECT_EQ(names, (std::set<std::string>{"side.experts.up.weight", "side.experts.up.bias",
                                          "side.experts.down.weight", "side.experts.down.bias",
                                          "side.gate.1.0.weight", "side.gate.1.0.bias",
                                          "side.gate.1.noise.weight"}));
  for (const Parameter& parameter : layer.parameters())
    EXPECT_EQ(parameter.value.grad().defined(), names.contains(parameter.name)) << parameter.name;
}

TEST(AdapterLayer, draws_a_gate_by_its_task_alone) {
  AdapterLayer one(small(), "side", 5), other(small(), "side", 5);
  one.add_task();
  one.add_task();
  fill(other);
  other.add_task();
  other.add_task();
  for (const char* name : {"side.gate.0.0.weight", "side.gate.1.0.weight"})
    EXPECT_TRUE(named(one.parameters(), name).equal(named(other.parameters(), name).to(at::kFloat)))
        << name;
  EXPECT_FALSE(named(one.parameters(), "side.gate.0.0.weight")
                   .equal(named(one.parameters(), "side.gate.1.0.weight")));
}

TEST(AdapterLayer, a_frozen_gate_has_no_noise_and_no_gradient) {
  AdapterShape shape = small();
  shape.dropout = 0;
  AdapterLayer layer = exact(shape);
  const Tensor x_ND = normal({7, 4}, 4);
  EXPECT_FALSE(answer(layer, x_ND, ragged(), 0, kTraining).equal(answer(layer, x_ND, ragged())));
  layer.freeze_gate(0);
  const Tensor y_ND = answer(layer, x_ND, ragged(), 0, kTraining);
  EXPECT_TRUE(y_ND.equal(answer(layer, x_ND, ragged())));
  y_ND.sum().backward();
  for (const Parameter& parameter : layer.parameters())
    EXPECT_EQ(parameter.value.grad().defined(), parameter.name.starts_with("side.experts"));
}

TEST(AdapterLayer, gives_the_same_whatever_its_trace_keeps) {
  const AdapterLayer layer = exact(small());
  const Tensor x_ND = normal({7, 4}, 2), plain = answer(layer, x_ND, ragged());
  for (const TraceNeeds& needs :
       {TraceNeeds{true}, TraceNeeds{false, false, true}, TraceNeeds{true, true, true, true}}) {
    const MixtureLayerOutput output = *layer.forward(x_ND, ragged(), 0, kEvaluation, needs);
    EXPECT_TRUE(at::allclose(output.y_ND, plain, 1e-9, 1e-10));
    EXPECT_EQ(output.trace.layer, "side");
    EXPECT_EQ(output.trace.rows_per_decision, 4);
    if (needs.ends) {
      EXPECT_TRUE(output.trace.y_MD->equal(output.y_ND));
    }
    if (!needs.all_outputs) continue;
    EXPECT_TRUE(at::allclose((*output.trace.out_ENC)[2].index({output.trace.valid_N}),
                             .1 * adapter(layer.bank(), 2, x_ND), 1e-9, 1e-10));
  }
}

TEST(AdapterLayer, probing_sends_all_rows_to_any_expert) {
  AdapterLayer layer = exact(small());
  layer.grow(1);
  const Tensor x_ND = normal({7, 4}, 2);
  EXPECT_TRUE(at::allclose(answer(layer, x_ND, ragged(), 0, {.forced = ForcedExpert{"side", 3}}),
                           .1 * adapter(layer.bank(), 3, x_ND), 1e-9, 1e-10));
}

TEST(AdapterLayer, gives_a_task_its_own_expert) {
  AdapterShape shape = small();
  shape.choice = AdapterShape::Choice::own;
  AdapterLayer layer = exact(shape, 3);
  const Tensor x_ND = normal({7, 4}, 1);
  for (int64_t task = 0; task < 3; ++task)
    EXPECT_TRUE(
        at::allclose(answer(layer, x_ND, ragged(), task), .1 * adapter(layer.bank(), task, x_ND)));
  EXPECT_TRUE(contains(thrown<UserError>([&] { layer.add_task(); }), "for task 4 to have its own"));
  EXPECT_EQ(layer.missing(2), 1);
  layer.grow(2);
  EXPECT_EQ(layer.missing(2), 0);
  EXPECT_EQ(layer.bank().frozen(), (FreezeMask{false, false, false, true, true}));
  EXPECT_EQ(layer.add_task(), 3);
  EXPECT_EQ(layer.bank().frozen(), (FreezeMask{false, false, false, false, true}));
}

TEST(AdapterLayer, common_one_has_one_expert_that_all_tasks_meet) {
  AdapterShape shape = small();
  shape.choice = AdapterShape::Choice::common;
  const AdapterLayer layer = exact(shape, 2);
  ASSERT_EQ(layer.bank().experts(), 1);
  EXPECT_EQ(layer.missing(2), 0);
  const Tensor x_ND = normal({7, 4}, 1);
  for (int64_t task = 0; task < 2; ++task)
    EXPECT_TRUE(
        at::allclose(answer(layer, x_ND, ragged(), task), .1 * adapter(layer.bank(), 0, x_ND)));
}

TEST(AdapterLayer, leaves_the_untouched_alone) {
  const AdapterLayer layer = exact(small());
  EXPECT_FALSE(layer.forward(normal({7, 4}, 1), ragged(), -1, kEvaluation, {}).has_value());
}

TEST(AdapterLayer, refuses_tasks_and_gates_that_cannot_be) {
  const AdapterLayer layer = exact(small());
  EXPECT_EQ(thrown<UserError>([&] {
              answer(layer, normal({7, 4}, 1), ragged(), 1);
            }),
            "side: task 1; expected one of the 1 that were added");
  AdapterShape shape = small();
  shape.gate.k = 4;
  EXPECT_EQ(thrown<UserError>([&] { AdapterLayer(shape, "side", 5).add_task(); }),
            "gate.k = 4; expected 1 to 3, the number of experts");
  shape.gate = {.kind = "attentive", .layers = {"linear 4", "relu", "linear experts"}};
  EXPECT_EQ(thrown<UserError>([&] { AdapterLayer(shape, "side", 5).add_task(); }),
            "gate.kind = \"attentive\" reads the experts' hidden layers token by token; expected "
            "one that decides once a sentence");
}

}  // namespace
}  // namespace moestro
