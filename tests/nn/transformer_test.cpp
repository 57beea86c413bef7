#include "moestro/nn/transformer.h"

#include <map>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/core/error.h"
#include "moestro/nn/mixture_layer.h"
#include "nn/layers/dropout.h"
#include "nn/transformer_fixture.h"
#include "thrown.h"

namespace moestro {
namespace {

using namespace testing;

Tensor some_rows(const Packing& rows, uint64_t seed) {
  return normal({rows.rows(), 8}, seed);
}

Transformer exact(Transformer::Kind kind, const TransformerShape& shape) {
  Transformer model(kind, shape, "stack", 3);
  convert(model.parameters(), model.buffers(), at::kDouble);
  return model;
}

TEST(Transformer, token_by_token_gives_the_same_as_all_at_once) {
  for (const PositionKind positions : {PositionKind::learned, PositionKind::rotary}) {
    TransformerShape shape = small_shape();
    shape.positions = positions;
    shape.mixture.experts = 3;
    shape.mixture.every = 2;
    shape.mixture.gate.kind = "noisy_topk";
    const Packing rows(3, 5, at::kCPU), memory_rows(at::tensor({2, 4, 3}, at::kLong), at::kCPU);
    const Tensor x_ND = some_rows(rows, 1), memory_MD = some_rows(memory_rows, 2);
    for (const auto kind : {Transformer::Kind::causal, Transformer::Kind::decoder}) {
      const Transformer model = exact(kind, shape);
      const Memory memory{memory_MD, memory_rows};
      const Memory* seen = kind == Transformer::Kind::decoder ? &memory : nullptr;
      const Tensor all_BTD = rows.pad(model.forward(x_ND, rows, {}, {}, seen).x_ND);
      const auto state = model.begin(seen);
      for (int64_t t = 0; t < 5; ++t)
        EXPECT_TRUE(at::allclose(model.step(rows.pad(x_ND).select(1, t), *state),
                                 all_BTD.select(1, t), 1e-9, 1e-10))
            << t;
    }
  }
}

TEST(Transformer, of_a_memory_goes_on_several_times_beside_each_other) {
  const Transformer model = exact(Transformer::Kind::decoder, small_shape());
  const Packing memory_rows(at::tensor({2, 4}, at::kLong), at::kCPU);
  const Memory memory{some_rows(memory_rows, 2), memory_rows};
  const Tensor x_BD = normal({2, 8}, 3);
  const auto one = model.begin(&memory), three = model.begin(&memory, 3);
  const Tensor expected = model.step(x_BD, *one).repeat_interleave(3, 0);
  EXPECT_TRUE(
      at::allclose(model.step(x_BD.repeat_interleave(3, 0), *three), expected, 1e-12, 1e-12));
}

TEST(Transformer, sentences_that_are_selected_go_on_as_they_were) {
  const Transformer model = exact(Transformer::Kind::causal, small_shape());
  const Tensor x_BTD = normal({2, 3, 8}, 4);
  const auto swapped = model.begin(), plain = model.begin();
  for (int64_t t = 0; t < 2; ++t) {
    model.step(x_BTD.select(1, t), *swapped);
    model.step(x_BTD.select(1, t), *plain);
  }
  const Tensor from = at::tensor({1, 1, 0}, at::kLong);
  swapped->select(from);
  const Tensor expected = model.step(x_BTD.select(1, 2), *plain).index_select(0, from);
  const Tensor found = model.step(x_BTD.select(1, 2).index_select(0, from), *swapped);
  EXPECT_TRUE(at::allclose(found, expected, 1e-12, 1e-12));
}

// A sentence's answers do not depend on those beside it, nor on how long these are.
TEST(Transformer, sentences_know_nothing_of_each_other) {
  TransformerShape shape = small_shape();
  shape.mixture.experts = 3;
  shape.mixture.gate.kind = "noisy_topk";
  for (const RouteBy route : {RouteBy::token, RouteBy::mean, RouteBy::first}) {
    shape.mixture.route = route;
    const Transformer model = exact(Transformer::Kind::encoder, shape);
    const Packing rows(at::tensor({2, 4, 1}, at::kLong), at::kCPU), one(1, 2, at::kCPU);
    const Tensor x_ND = some_rows(rows, 5);
    const Tensor together = model.forward(x_ND, rows, {}, {}).x_ND.narrow(0, 0, 2);
    const Tensor alone = model.forward(x_ND.narrow(0, 0, 2), one, {}, {}).x_ND;
    EXPECT_TRUE(at::allclose(together, alone, 1e-9, 1e-10));
  }
}

TEST(Transformer, blocks_that_share_their_layers_keep_their_own_norms) {
  TransformerShape shape = small_shape();
  shape.depth = 3;
  shape.share_depth = true;
  const Transformer model = exact(Transformer::Kind::encoder, shape);
  std::vector<std::string> norms, others;
  for (const Parameter& parameter : model.parameters())
    (parameter.name.find("norm") == std::string::npos ? others : norms).push_back(parameter.name);
  EXPECT_EQ(norms.size(), 3u * 4 + 2);
  for (const std::string& name : others) EXPECT_TRUE(name.starts_with("stack.shared.")) << name;
}

TEST(Transformer, that_shares_its_layers_computes_what_equal_ones_would) {
  TransformerShape shape = small_shape();
  shape.depth = 3;
  const Transformer own = exact(Transformer::Kind::encoder, shape);
  shape.share_depth = true;
  const Transformer shared = exact(Transformer::Kind::encoder, shape);
  std::map<std::string, Tensor> values;
  for (const Parameter& parameter : shared.parameters()) {
    parameter.value.set_data(normal(parameter.value.sizes().vec(), 20 + values.size()));
    values[parameter.name] = parameter.value;
  }
  for (const Parameter& parameter : own.parameters()) {
    const bool norm = parameter.name.find("norm") != std::string::npos;
    const std::string layer = parameter.name.substr(std::string("stack.0").size());
    parameter.value.set_data(values.at(norm ? parameter.name : "stack.shared" + layer));
  }
  const Packing rows(2, 3, at::kCPU);
  const Tensor x_ND = some_rows(rows, 9);
  EXPECT_TRUE(at::allclose(shared.forward(x_ND, rows, {}, {}).x_ND,
                           own.forward(x_ND, rows, {}, {}).x_ND, 1e-12, 1e-12));
}

TEST(Transformer, names_every_tensor_differently_whatever_the_gate) {
  TransformerShape shape = small_shape();
  shape.mixture.experts = 3;
  for (const char* kind : {"softmax", "noisy_topk", "switch", "attentive", "sigmoid", "fixed"}) {
    shape.mixture.gate.kind = kind;
    shape.mixture.gate.layers = {"linear 4", "relu", "linear experts"};
    const Transformer model = exact(Transformer::Kind::encoder, shape);
    std::vector<std::string> names;
    for (const Parameter& parameter : model.parameters()) names.push_back(parameter.name);
    for (const Buffer& buffer : model.buffers()) names.push_back(buffer.name);
    std::ranges::sort(names);
    EXPECT_EQ(std::ranges::adjacent_find(names), names.end()) << kind;
  }
}

TEST(Transformer, in_half_precision_stays_near) {
  TransformerShape shape = small_shape();
  shape.positions = PositionKind::rotary;
  shape.norm = NormKind::rms;
  shape.activation = FeedForwardKind::swiglu;
  shape.mixture.experts = 3;
  shape.mixture.every = 2;
  shape.mixture.gate.kind = "softmax";
  const Transformer model(Transformer::Kind::causal, shape, "stack", 3);
  const Packing rows(at::tensor({2, 4, 1}, at::kLong), at::kCPU);
  const Tensor x_ND = some_rows(rows, 5).to(at::kFloat);
  const Tensor exact_ND = model.forward(x_ND, rows, {}, {}).x_ND;
  const Tensor half_ND = model.forward(x_ND.to(at::kBFloat16), rows, {}, {}).x_ND;
  EXPECT_EQ(half_ND.scalar_type(), at::kBFloat16);
  EXPECT_LT((half_ND.to(at::kFloat) - exact_ND).abs().max().item<double>(), .06);
}

TEST(Transformer, has_mixture_layers_where_it_is_told) {
  TransformerShape shape = small_shape();
  shape.depth = 4;
  shape.mixture.experts = 2;
  shape.mixture.every = 2;
  const Packing rows(2, 3, at::kCPU);
  const TransformerOutput output =
      exact(Transformer::Kind::encoder, shape).forward(some_rows(rows, 6), rows, {}, {});
  ASSERT_EQ(output.traces.size(), 2u);
  EXPECT_EQ(output.traces[0].layer, "stack.1");
  EXPECT_EQ(output.traces[1].layer, "stack.3");
}

TEST(Transformer, dropout_is_that_of_the_step) {
  TransformerShape shape = small_shape();
  shape.dropout = .5;
  const Transformer model = exact(Transformer::Kind::encoder, shape);
  const Packing rows(2, 3, at::kCPU);
  const Tensor x_ND = some_rows(rows, 7);
  const auto run = [&](bool training, uint64_t step) {
    return model.forward(x_ND, rows, {.training = training, .seed = 1, .step = step}, {}).x_ND;
  };
  EXPECT_TRUE(at::equal(run(true, 1), run(true, 1)));
  EXPECT_FALSE(at::equal(run(true, 1), run(true, 2)));
  EXPECT_TRUE(at::equal(run(false, 1), run(false, 2)));
  const Tensor ones = at::ones({200, 50}, at::kDouble);
  const Tensor dropped = with_dropout(ones, .2, "x", {.training = true});
  EXPECT_NEAR(dropped.mean().item<double>(), 1, .02);
  EXPECT_TRUE(dropped.eq(0).logical_or(dropped.sub(1.25).abs().lt(1e-12)).all().item<bool>());
}

TEST(Transformer, says_what_cannot_be) {
  TransformerShape shape = small_shape();
  shape.heads = 3;
  const auto make = [&] { Transformer(Transformer::Kind::encoder, shape, "stack", 1); };
  EXPECT_EQ(thrown<UserError>(make),
            "model.width = 8 and model.heads = 3; expected heads that divide the width");
  shape.heads = 8;
  shape.positions = PositionKind::rotary;
  EXPECT_EQ(thrown<UserError>(make),
            "model.positions = \"rotary\" with heads of width 1; expected an even one");
  shape.heads = 2;
  shape.share_depth = true;
  shape.mixture.experts = 2;
  shape.mixture.every = 2;
  EXPECT_EQ(
      thrown<UserError>(make),
      "model.mixture_every = 2 with model.share_depth; expected 1, since all blocks share one "
      "layer");
  shape = small_shape();
  shape.mixture.experts = 2;
  shape.mixture.route = RouteBy::mean;
  EXPECT_EQ(
      thrown<UserError>([&] { Transformer(Transformer::Kind::causal, shape, "stack", 1); }),
      "model.route = \"mean\" decides by a whole sentence, and this one still grows; expected "
      "\"token\"");
}

}  // namespace
}  // namespace moestro
