#include "moestro/surgery/alignment.h"

#include <limits>

#include <gtest/gtest.h>

#include "expert_kinds.h"
#include "moestro/core/error.h"
#include "thrown.h"

namespace moestro {
namespace {

using namespace testing;

ExpertTensors drawn(const ExpertKind& kind, int64_t experts, uint64_t seed) {
  return ExpertTensors::stacked(kind.drawn(experts, seed));
}

// Expert 0, and twice the same with its units elsewhere.
struct Planted {
  Planted(const ExpertKind& kind, uint64_t seed)
      : layers(kind.layers()),
        orders{drawn_orders(layers, seed), drawn_orders(layers, seed + 50)},
        experts(together({first(kind, seed), permuted(first(kind, seed), layers, orders[0]),
                          permuted(first(kind, seed), layers, orders[1])})) {}

  static NamedTensors first(const ExpertKind& kind, uint64_t seed) {
    return tensors_of(drawn(kind, 1, seed), 0);
  }

  std::vector<HiddenLayer> layers;
  std::vector<Orders> orders;
  ExpertTensors experts;
};

void expect_found(const Planted& planted, const AlignOptions& options = {}) {
  const Alignment alignment = align(planted.experts, planted.layers, options);
  ASSERT_EQ(alignment.layers.size(), planted.layers.size());
  for (size_t l = 0; l < planted.layers.size(); ++l) {
    const Alignment::Layer& layer = alignment.layers[l];
    const int64_t units = planted.layers[l].axis.units;
    EXPECT_TRUE(layer.unit_EU[0].equal(at::arange(units, at::kLong)));
    for (int64_t e = 1; e < 3; ++e)
      EXPECT_TRUE(layer.unit_EU[e].equal(planted.orders[e - 1][l].argsort())) << l;
    EXPECT_NEAR(layer.after, 1, 1e-6);
    EXPECT_NEAR(layer.bound, 1, 1e-6);
    EXPECT_LT(layer.before, layer.after);
  }
  const ExpertTensors same = aligned(planted.experts, planted.layers, alignment);
  for (const std::string& name : same.names())
    for (int64_t e = 1; e < 3; ++e)
      EXPECT_TRUE(same.at(name, e).equal(planted.experts.at(name, 0))) << name;
}

TEST(Align, finds_the_units_of_one_expert_in_another) {
  for (const auto& kind : all_kinds()) {
    SCOPED_TRACE(kind->text());
    const Planted planted(*kind, 3);
    // Else the layers do not say where units are.
    const Tensor out_ENC = kind->outputs(planted.experts, kind->inputs(6));
    for (int64_t e = 1; e < 3; ++e) ASSERT_TRUE(close(out_ENC[e], out_ENC[0]));
    expect_found(planted);
  }
}

TEST(Align, finds_them_block_by_block_too) {
  const FeedForwardExperts wide({7, 64, FeedForwardKind::swiglu, true});
  expect_found(Planted(wide, 5), {.exact = 16});
  const NetworkExperts deep({"linear #", "relu", "linear #", "relu", "linear classes"}, {6},
                            {64, 40});
  expect_found(Planted(deep, 5), {.exact = 16});
}

TEST(Align, changes_what_no_expert_answers) {
  for (const auto& kind : all_kinds()) {
    SCOPED_TRACE(kind->text());
    const ExpertTensors experts = drawn(*kind, 3, 8);
    const std::vector<HiddenLayer> layers = kind->layers();
    const ExpertTensors in_order = aligned(experts, layers, align(experts, layers));
    const Tensor x = kind->inputs(6);
    EXPECT_TRUE(close(kind->outputs(in_order, x), kind->outputs(experts, x)));
    bool moved = false;
    for (const std::string& name : experts.names()) {
      EXPECT_TRUE(in_order.at(name, 0).equal(experts.at(name, 0))) << name;
      moved = moved || !in_order.at(name, 1).equal(experts.at(name, 1)) ||
              !in_order.at(name, 2).equal(experts.at(name, 2));
    }
    EXPECT_TRUE(moved);
  }
}

TEST(Align, makes_experts_more_alike_and_no_more_than_the_bound) {
  for (const auto& kind : all_kinds()) {
    SCOPED_TRACE(kind->text());
    for (uint64_t seed = 0; seed < 5; ++seed) {
      const ExpertTensors experts = drawn(*kind, 4, seed);
      for (const Alignment::Layer& layer : align(experts, kind->layers()).layers) {
        EXPECT_LT(layer.before, layer.after);
        EXPECT_LE(layer.after, layer.bound);
        EXPECT_LE(layer.bound, 1);
      }
    }
  }
}

// Two units of one weight each way: (2, 1) and (1, 1) beside (1, 0) and (3, 1).
TEST(Align, measures_likeness_by_hand) {
  const auto layers = hidden_layers(FeedForwardShape{1, 2, FeedForwardKind::relu, false});
  const ExpertTensors experts =
      ExpertTensors::stacked({{"up.weight", at::tensor({2., 1., 1., 3.}).view({2, 1, 2})},
                              {"down.weight", at::tensor({1., 1., 0., 1.}).view({2, 2, 1})}});
  const Alignment alignment = align(experts, layers);
  const Alignment::Layer& layer = alignment.layers[0];
  const double norm = std::sqrt(7. * 11.);
  EXPECT_NEAR(layer.before, (2 + 4) / norm, 1e-7);
  EXPECT_NEAR(layer.after, (7 + 1) / norm, 1e-7);
  EXPECT_EQ(layer.bound, 1);  // (7 + 4) / norm is more than any two can be alike
  EXPECT_TRUE(layer.unit_EU[1].equal(at::tensor({1, 0}, at::kLong)));
}

// The sum over all pairs of weights, which belong to one or two layers.
double likeness(const ExpertTensors& experts) {
  double sum = 0;
  for (const std::string& name : experts.names())
    sum += (experts.at(name, 0) * experts.at(name, 1)).sum().item<double>();
  return sum;
}

// Orders found from the inputs on lose what experts with a past in common still share.
TEST(Align, never_makes_deep_experts_less_alike) {
  const NetworkExperts deep(
      {"linear #", "relu", "linear #", "relu", "linear #", "relu", "linear classes"}, {4},
      {10, 10, 10});
  const std::vector<HiddenLayer> layers = deep.layers();
  for (uint64_t seed = 0; seed < 12; ++seed) {
    const NamedTensors first = tensors_of(drawn(deep, 1, seed), 0);
    NamedTensors second = first;
    const ExpertTensors noise = drawn(deep, 1, 900 + seed);
    for (auto& [name, tensor] : second) tensor = tensor + 2 * noise.at(name, 0);
    const ExpertTensors experts = together({first, second});
    const ExpertTensors in_order = aligned(experts, layers, align(experts, layers));
    EXPECT_GE(likeness(in_order), likeness(experts) - 1e-6) << seed;
  }
}

TEST(Align, block_by_block_is_within_its_bound_of_the_best) {
  const FeedForwardExperts kind({6, 64, FeedForwardKind::gelu, true});
  for (uint64_t seed = 0; seed < 4; ++seed) {
    const ExpertTensors experts = drawn(kind, 3, seed);
    const Alignment::Layer exact = align(experts, kind.layers()).layers[0],
                           blocks = align(experts, kind.layers(), {.exact = 16}).layers[0];
    EXPECT_LT(blocks.before, blocks.after);
    EXPECT_LE(blocks.after, exact.after + 1e-6);
    EXPECT_LE(exact.after, blocks.bound);
    EXPECT_EQ(exact.bound, blocks.bound);
    EXPECT_LT(align(experts, kind.layers(), {.exact = 2}).layers[0].after, exact.after - 1e-4);
  }
}

// What was found is an order that no other of a single layer betters.
TEST(Align, finds_nothing_better_the_second_time) {
  for (const auto& kind : all_kinds()) {
    SCOPED_TRACE(kind->text());
    const std::vector<HiddenLayer> layers = kind->layers();
    for (uint64_t seed = 0; seed < 5; ++seed) {
      const ExpertTensors experts = drawn(*kind, 3, seed);
      const ExpertTensors in_order = aligned(experts, layers, align(experts, layers));
      for (const Alignment::Layer& layer : align(in_order, layers).layers)
        for (int64_t e = 0; e < 3; ++e)
          EXPECT_TRUE(layer.unit_EU[e].equal(at::arange(layer.unit_EU.size(1), at::kLong)));
    }
  }
}

TEST(Align, is_the_same_each_time) {
  for (const auto& kind : all_kinds()) {
    const ExpertTensors experts = drawn(*kind, 3, 4);
    const AlignOptions options{.exact = 3};
    const Alignment a = align(experts, kind->layers(), options),
                    b = align(experts, kind->layers(), options);
    for (size_t l = 0; l < a.layers.size(); ++l)
      EXPECT_TRUE(a.layers[l].unit_EU.equal(b.layers[l].unit_EU)) << kind->text();
  }
}

TEST(Align, brings_all_to_the_reference) {
  for (const auto& kind : all_kinds()) {
    SCOPED_TRACE(kind->text());
    const Planted planted(*kind, 3);
    const Alignment alignment = align(planted.experts, planted.layers, {.reference = 2});
    EXPECT_EQ(alignment.reference, 2);
    const ExpertTensors same = aligned(planted.experts, planted.layers, alignment);
    for (const std::string& name : same.names())
      for (int64_t e = 0; e < 3; ++e)
        EXPECT_TRUE(same.at(name, e).equal(planted.experts.at(name, 2))) << name;
  }
}

TEST(Align, heeds_no_running_statistics) {
  const auto kinds = all_kinds();
  const ExpertKind& batch_norm = *kinds[3];
  NamedTensors tensors = batch_norm.drawn(2, 4);
  const auto order = [&] {
    return align(ExpertTensors::stacked(tensors), batch_norm.layers()).layers[0].unit_EU;
  };
  const Tensor before = order();
  tensor_named(tensors, "1.running_mean") = 1000 * normal({2, 4}, 1);
  EXPECT_TRUE(order().equal(before));
  tensor_named(tensors, "1.bias") = 1000 * normal({2, 4}, 2);
  EXPECT_FALSE(order().equal(before));
}

// A bank's own tensors() are those that are learned.
TEST(Align, needs_no_running_statistics) {
  const NetworkExperts kind({"linear #", "batchnorm", "relu", "linear classes"}, {3}, {5});
  NamedTensors tensors = kind.drawn(2, 4), learned = tensors;
  std::erase_if(learned, [](const auto& entry) { return entry.first.starts_with("1.running"); });
  ASSERT_EQ(learned.size() + 2, tensors.size());
  const auto order = [&](const NamedTensors& of) {
    return align(ExpertTensors::stacked(of), kind.layers()).layers[0].unit_EU;
  };
  EXPECT_TRUE(order(learned).equal(order(tensors)));
}

TEST(Align, takes_what_is_trivial) {
  const NetworkExperts kind({"linear #", "relu", "linear #", "relu", "linear classes"}, {3},
                            {1, 4});
  const ExpertTensors one = drawn(kind, 1, 4);
  const Alignment alone = align(one, kind.layers());
  for (size_t l = 0; l < 2; ++l) {
    EXPECT_EQ(alone.layers[l].unit_EU.sizes(), (Shape{1, kind.widths()[l]}));
    EXPECT_EQ(alone.layers[l].before, 1);
    EXPECT_EQ(alone.layers[l].after, 1);
    EXPECT_EQ(alone.layers[l].bound, 1);
  }
  const ExpertTensors zeros = ExpertTensors::stacked(kind.blank(3));
  for (const Alignment::Layer& layer : align(zeros, kind.layers()).layers) {
    EXPECT_EQ(layer.after, 1);
    EXPECT_TRUE(layer.unit_EU[2].equal(at::arange(layer.unit_EU.size(1), at::kLong)));
  }
  const NetworkExperts flat({"linear classes"}, {3}, {});
  const ExpertTensors experts = drawn(flat, 2, 1);
  const Alignment nothing = align(experts, flat.layers());
  EXPECT_TRUE(nothing.layers.empty());
  EXPECT_TRUE(aligned(experts, {}, nothing).at("0.weight", 1).equal(experts.at("0.weight", 1)));
}

TEST(Align, keeps_the_type_and_leaves_the_original_alone) {
  const FeedForwardExperts kind({4, 6, FeedForwardKind::gelu, true});
  NamedTensors tensors = kind.drawn(2, 4);
  for (auto& [name, tensor] : tensors) tensor = tensor.to(at::kBFloat16).requires_grad_();
  const Tensor before = tensors[0].second.detach().clone();
  const ExpertTensors experts = ExpertTensors::stacked(tensors);
  const ExpertTensors in_order = aligned(experts, kind.layers(), align(experts, kind.layers()));
  const Tensor moved = in_order.at("up.weight", 1);
  EXPECT_EQ(moved.scalar_type(), at::kBFloat16);
  EXPECT_FALSE(moved.requires_grad());
  EXPECT_FALSE(moved.equal(before[1]));
  EXPECT_TRUE(tensors[0].second.equal(before));
}

TEST(Align, refuses_what_it_cannot_do) {
  const FeedForwardExperts kind({4, 3, FeedForwardKind::gelu, true});
  NamedTensors tensors = kind.drawn(2, 4);
  const auto message = [&](const AlignOptions& options) {
    return thrown<UserError>(
        [&] { align(ExpertTensors::stacked(tensors), kind.layers(), options); });
  };
  EXPECT_EQ(message({.reference = 2}), "reference expert 2; expected 0 to 1");
  EXPECT_EQ(message({.reference = -1}), "reference expert -1; expected 0 to 1");
  EXPECT_EQ(message({.exact = 0}), "blocks of 0 units; expected at least 1");
  tensors[0].second[1][2][0].fill_(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(message({}), "\"up.weight\" of expert 1 has values that are not finite");
}

}  // namespace
}  // namespace moestro
