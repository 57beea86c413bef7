#include "moestro/nn/mixture_layer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/core/error.h"
#include "moestro/core/random.h"
#include "thrown.h"

namespace moestro {
namespace {

using namespace testing;

const ForwardContext kEvaluation;

TransformerShape shape_with(const std::string& gate, RouteBy route = RouteBy::token) {
  TransformerShape shape;
  shape.width = 4;
  shape.hidden = 6;
  shape.mixture.experts = 3;
  shape.mixture.gate.kind = gate;
  shape.mixture.route = route;
  return shape;
}

MixtureLayer exact(const TransformerShape& shape) {
  MixtureLayer layer(shape, "layer", 5);
  convert(layer.parameters(), layer.buffers(), at::kDouble);
  return layer;
}

Packing ragged() {
  return Packing(at::tensor({2, 4, 1}, at::kLong), at::kCPU);
}

// By a loop over rows and their chosen experts.
Tensor expected(const MixtureLayer& layer, const Tensor& x_ND, const Routing& routing,
                const Packing& rows, bool by_sentence) {
  std::vector<Tensor> answers;
  for (int64_t n = 0; n < x_ND.size(0); ++n) {
    const int64_t b = by_sentence ? rows.sentence_N()[n].item<int64_t>() : n;
    Tensor sum = at::zeros({1, 4}, x_ND.options());
    for (int64_t k = 0; k < routing.experts_BK.size(1); ++k)
      sum = sum + routing.weights_BK[b][k] *
                      layer.bank().forward_one(routing.experts_BK[b][k].item<int64_t>(),
                                               x_ND.narrow(0, n, 1));
    answers.push_back(sum);
  }
  return at::cat(answers);
}

TEST(MixtureLayer, is_the_weighted_sum_of_the_chosen_experts) {
  const Packing rows = ragged();
  const Tensor x_ND = normal({7, 4}, 1);
  for (const char* gate : {"softmax", "noisy_topk", "switch", "sigmoid", "attentive"})
    for (const RouteBy route : {RouteBy::token, RouteBy::mean, RouteBy::first}) {
      const bool by_sentence = route != RouteBy::token;
      if (by_sentence && std::string(gate) == "attentive") continue;
      TransformerShape shape = shape_with(gate, route);
      if (std::string(gate) == "attentive")
        shape.mixture.gate.layers = {"linear 4", "relu", "linear experts"};
      const MixtureLayer layer = exact(shape);
      const MixtureLayerOutput output = layer.forward(x_ND, rows, kEvaluation, {});
      EXPECT_TRUE(at::allclose(
          output.y_ND, expected(layer, x_ND, output.trace.routing, rows, by_sentence), 1e-9, 1e-10))
          << gate;
      EXPECT_EQ(output.trace.routing.probs_BE.size(0), by_sentence ? 3 : 7);
    }
}

TEST(MixtureLayer, sends_all_rows_to_a_forced_expert_with_weight_one) {
  const Packing rows = ragged();
  const Tensor x_ND = normal({7, 4}, 8);
  for (const char* gate : {"softmax", "noisy_topk", "switch", "attentive"})
    for (const RouteBy route : {RouteBy::token, RouteBy::mean}) {
      const bool reads_hidden = std::string(gate) == "attentive";
      if (reads_hidden && route != RouteBy::token) continue;
      TransformerShape shape = shape_with(gate, route);
      if (reads_hidden) shape.mixture.gate.layers = {"linear 4", "relu", "linear experts"};
      const MixtureLayer layer = exact(shape);
      for (int64_t e = 0; e < 3; ++e)
        for (const TraceNeeds& needs : {TraceNeeds{}, TraceNeeds{true, true, true}}) {
          const MixtureLayerOutput output =
              layer.forward(x_ND, rows, {.forced = ForcedExpert{"layer", e}}, needs);
          EXPECT_TRUE(at::allclose(output.y_ND, layer.bank().forward_one(e, x_ND), 1e-9, 1e-10));
          const Tensor chosen_BK = output.trace.routing.experts_BK;
          EXPECT_EQ(chosen_BK.sizes(), (Shape{route == RouteBy::token ? 7 : 3, 1}));
          EXPECT_TRUE(chosen_BK.eq(e).all().item<bool>());
        }
    }
}

TEST(MixtureLayer, keeps_shared_experts_beside_a_forced_one) {
  TransformerShape shape = shape_with("switch");
  const Packing rows = ragged();
  const Tensor x_ND = normal({7, 4}, 9);
  const ForwardContext forced{.forced = ForcedExpert{"layer", 2}};
  const Tensor without = exact(shape).forward(x_ND, rows, forced, {}).y_ND;
  shape.mixture.shared = 1;
  FeedForwardBank shared({4, 6, shape.activation, true}, "layer.shared", 1, 5);
  convert(shared.parameters(), {}, at::kDouble);
  EXPECT_TRUE(at::allclose(exact(shape).forward(x_ND, rows, forced, {}).y_ND - without,
                           shared.forward_one(0, x_ND), 1e-9, 1e-10));
}

TEST(MixtureLayer, refuses_a_forced_expert_that_is_not_there) {
  const ForwardContext forced{.forced = ForcedExpert{"layer", 3}};
  EXPECT_EQ(thrown<UserError>([&] {
              exact(shape_with("switch")).forward(normal({7, 4}, 1), ragged(), forced, {});
            }),
            "forced routing: expert 3; expected 0 to 2");
}

TEST(MixtureLayer, gives_the_same_whatever_its_trace_keeps) {
  const Packing rows = ragged();
  const Tensor x_ND = normal({7, 4}, 2);
  for (const RouteBy route : {RouteBy::token, RouteBy::mean}) {
    const MixtureLayer layer = exact(shape_with("noisy_topk", route));
    const Tensor plain = layer.forward(x_ND, rows, kEvaluation, {}).y_ND;
    for (const TraceNeeds& needs : {TraceNeeds{true, false, false}, TraceNeeds{false, true, false},
                                    TraceNeeds{false, false, true}, TraceNeeds{true, true, true}})
      EXPECT_TRUE(
          at::allclose(layer.forward(x_ND, rows, kEvaluation, needs).y_ND, plain, 1e-9, 1e-10));
  }
}

TEST(MixtureLayer, keeps_padded_rows_where_a_sentence_is_routed_once) {
  const Packing rows = ragged();
  const Tensor x_ND = normal({7, 4}, 3);
  const MixtureLayer layer = exact(shape_with("noisy_topk", RouteBy::mean));
  const MixtureTrace trace = layer.forward(x_ND, rows, kEvaluation, {true, true, true}).trace;
  EXPECT_EQ(trace.rows_per_decision, 4);
  EXPECT_EQ(trace.valid_N.sum().item<int64_t>(), 7);
  EXPECT_EQ(trace.out_ENC->sizes(), (Shape{3, 12, 4}));
  EXPECT_EQ(trace.hidden_ENF->sizes(), (Shape{3, 12, 6}));
  EXPECT_EQ(trace.out_NKC->sizes(), (Shape{12, 2, 4}));
  const Tensor alone = layer.bank().forward_one(1, x_ND);
  EXPECT_TRUE(at::allclose(trace.out_ENC->select(0, 1).index({trace.valid_N}), alone, 1e-9, 1e-10));
}

TEST(MixtureLayer, shared_experts_meet_every_row) {
  TransformerShape shape = shape_with("switch");
  shape.mixture.shared = 2;
  shape.mixture.shared_hidden = 5;
  const Packing rows = ragged();
  const Tensor x_ND = normal({7, 4}, 4);
  const auto of = [&](bool gated) {
    shape.mixture.shared_gate = gated;
    const MixtureLayer layer = exact(shape);
    return layer.forward(x_ND, rows, kEvaluation, {}).y_ND;
  };
  shape.mixture.shared = 0;
  const Tensor without = exact(shape).forward(x_ND, rows, kEvaluation, {}).y_ND;
  shape.mixture.shared = 2;
  FeedForwardBank shared({4, 5, shape.activation, true}, "layer.shared", 2, 5);
  convert(shared.parameters(), {}, at::kDouble);
  const Tensor sum = shared.forward_one(0, x_ND) + shared.forward_one(1, x_ND);
  EXPECT_TRUE(at::allclose(of(false) - without, sum, 1e-9, 1e-10));
  const Tensor gated = of(true);
  const Tensor open_NS =
      x_ND.mm(uniform({5, Stream::init, "layer.shared_gate", 0}, {4, 2}, -.5, .5).to(at::kDouble))
          .sigmoid();
  const Tensor opened = shared.forward_one(0, x_ND) * open_NS.narrow(1, 0, 1) +
                        shared.forward_one(1, x_ND) * open_NS.narrow(1, 1, 1);
  EXPECT_TRUE(at::allclose(gated - without, opened, 1e-9, 1e-10));
}

TEST(MixtureLayer, gradients_match_differences) {
  TransformerShape shape = shape_with("softmax");
  shape.activation = FeedForwardKind::swiglu;
  shape.mixture.shared = 1;
  shape.mixture.shared_gate = true;
  const MixtureLayer layer = exact(shape);
  const Packing rows(2, 2, at::kCPU);
  const Tensor x_ND = normal({4, 4}, 5, true), probe = normal({4, 4}, 6);
  std::vector<Tensor> leaves{x_ND};
  for (const Parameter& parameter : layer.parameters()) leaves.push_back(parameter.value);
  EXPECT_LT(
      gradient_error(
          [&] { return (layer.forward(x_ND, rows, kEvaluation, {}).y_ND * probe).sum(); }, leaves),
      1e-7);
}

TEST(MixtureLayer, refuses_an_attentive_gate_that_decides_once_a_sentence) {
  TransformerShape shape = shape_with("attentive", RouteBy::mean);
  shape.mixture.gate.layers = {"linear 4", "relu", "linear experts"};
  EXPECT_EQ(thrown<UserError>([&] { MixtureLayer(shape, "layer", 1); }),
            "gate.kind = \"attentive\" reads the experts' hidden layers token by token; expected "
            "model.route = \"token\"");
}

}  // namespace
}  // namespace moestro
