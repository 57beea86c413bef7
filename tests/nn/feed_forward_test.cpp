#include "moestro/nn/feed_forward.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "gradient_check.h"
#include "moestro/core/error.h"
#include "nn/kernels/feed_forward/function.h"
#include "nn/kernels/feed_forward/plain.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::normal;
using testing::thrown;

enum class Load { random, one_expert, with_empty_choices };

struct Case {
  int64_t rows, chosen, experts, width, hidden;
  Load load;
  FeedForwardKind kind;
  bool bias;
};

constexpr auto kRelu = FeedForwardKind::relu, kGelu = FeedForwardKind::gelu,
               kSwiglu = FeedForwardKind::swiglu;

// Odd sizes, one row, no rows, all experts chosen, more rows than a block has, more columns than a
// strip, and sums longer than those done at a time.
const std::vector<Case> kCases = {
    {150, 2, 5, 70, 37, Load::random, kSwiglu, true},
    {150, 2, 5, 70, 37, Load::random, kGelu, false},
    {550, 1, 3, 65, 130, Load::one_expert, kSwiglu, false},
    {280, 2, 4, 64, 64, Load::one_expert, kRelu, true},
    {61, 4, 4, 128, 100, Load::random, kGelu, true},
    {90, 3, 8, 33, 48, Load::with_empty_choices, kSwiglu, true},
    {90, 3, 8, 32, 17, Load::with_empty_choices, kRelu, false},
    {1, 1, 3, 33, 17, Load::random, kSwiglu, true},
    {1, 2, 4, 300, 100, Load::random, kSwiglu, false},
    {5, 2, 4, 1, 1, Load::random, kGelu, true},
    {0, 2, 3, 16, 8, Load::random, kSwiglu, true},
    {20, 1, 2, 1100, 40, Load::random, kSwiglu, true},
    {20, 1, 2, 30, 1060, Load::random, kGelu, true},
};

std::string text(const Case& c) {
  return fmt::format("N {} K {} E {} D {} F {}, load {}, kind {}, bias {}", c.rows, c.chosen,
                     c.experts, c.width, c.hidden, static_cast<int>(c.load),
                     static_cast<int>(c.kind), c.bias);
}

Tensor routing(const Case& c) {
  const Tensor noise_NE = normal({c.rows, c.experts}, 11);
  Tensor experts_NK = std::get<1>(noise_NE.topk(c.chosen, 1));
  if (c.load == Load::one_expert) experts_NK.select(1, 0).fill_(2);
  if (c.load == Load::with_empty_choices) {
    experts_NK.masked_fill_(noise_NE.narrow(1, 0, c.chosen) > .5, -1);
    experts_NK[0].fill_(-1);
  }
  return experts_NK;
}

// All that a gradient reaches; numbers that bfloat16 holds exactly.
struct Leaves {
  Tensor x_ND, weights_NK;
  FeedForwardWeights experts;
  Tensor probe_ND;

  Leaves(const Case& c, at::ScalarType type) {
    const auto leaf = [type](const Shape& shape, uint64_t seed, double scale) {
      const Tensor value = (normal(shape, seed) * scale).to(at::kBFloat16).to(type);
      return value.requires_grad_(true);
    };
    const int64_t up = c.hidden * (c.kind == kSwiglu ? 2 : 1);
    x_ND = leaf({c.rows, c.width}, 1, 1);
    weights_NK = leaf({c.rows, c.chosen}, 2, .5);
    experts.up_EDF = leaf({c.experts, c.width, up}, 3, 1 / std::sqrt(c.width));
    experts.down_EFD = leaf({c.experts, c.hidden, c.width}, 4, 1 / std::sqrt(c.hidden));
    if (c.bias) experts.up_bias_EF = leaf({c.experts, up}, 5, .5);
    if (c.bias) experts.down_bias_ED = leaf({c.experts, c.width}, 6, .5);
    probe_ND = leaf({c.rows, c.width}, 7, 1).detach();
  }

  std::vector<Tensor> all() const {
    std::vector<Tensor> all = {x_ND, weights_NK, experts.up_EDF, experts.down_EFD};
    if (experts.up_bias_EF.defined()) all.push_back(experts.up_bias_EF);
    if (experts.down_bias_ED.defined()) all.push_back(experts.down_bias_ED);
    return all;
  }

  // y, and the gradients of all().
  std::vector<Tensor> results(const Tensor& y_ND) const {
    std::vector<Tensor> results = {y_ND};
    for (const Tensor& grad : torch::autograd::grad({y_ND}, all(), {probe_ND}))
      results.push_back(grad);
    return results;
  }
};

std::vector<Tensor> by_blocks(const Case& c, at::ScalarType type, Arithmetic arithmetic) {
  const Leaves leaves(c, type);
  return leaves.results(block_feed_forward(leaves.x_ND, routing(c), leaves.weights_NK,
                                           leaves.experts, c.kind, arithmetic));
}

std::vector<Tensor> by_operators(const Case& c) {
  const Leaves leaves(c, at::kDouble);
  return leaves.results(
      plain_feed_forward(leaves.x_ND, routing(c), leaves.weights_NK, leaves.experts, c.kind));
}

// In the mean over a tensor, relative to it. Gradients of weights_NK are products grad_y . y_k that
// may cancel: those relative to the lengths of both.
void expect_close(const std::vector<Tensor>& results, const std::vector<Tensor>& expected,
                  const Case& c, double tolerance) {
  ASSERT_EQ(results.size(), expected.size());
  for (size_t i = 0; i < results.size(); ++i) {
    ASSERT_EQ(results[i].sizes(), expected[i].sizes());
    if (results[i].numel() == 0) continue;
    double scale = expected[i].norm().item<double>();
    if (i == 2) scale = std::max(scale, expected[0].norm().item<double>() * std::sqrt(c.width));
    const double error = (results[i].to(at::kDouble) - expected[i]).norm().item<double>();
    EXPECT_LE(error, tolerance * scale) << text(c) << ", result " << i;
  }
}

std::vector<Arithmetic> arithmetics() {
  std::vector<Arithmetic> all;
  for (const VectorPath path : vector_paths()) {
    all.push_back({path, false});
    if (has_bfloat16_products()) all.push_back({path, true});
  }
  return all;
}

class FeedForwardPaths : public ::testing::TestWithParam<Arithmetic> {};

INSTANTIATE_TEST_SUITE_P(Each, FeedForwardPaths, ::testing::ValuesIn(arithmetics()),
                         [](const auto& info) {
                           std::string name = path_name(info.param.vectors);
                           std::erase(name, '-');
                           return name + (info.param.bfloat16_products ? "_bfloat16" : "");
                         });

// A sum of n roundings grows like their root; 4 units in the last place for each, and the same
// again for the functions.
TEST_P(FeedForwardPaths, agree_with_float64_in_float32) {
  for (const Case& c : kCases) {
    const double longest = std::max({c.width, 2 * c.hidden, c.rows, int64_t{4}});
    expect_close(by_blocks(c, at::kFloat, GetParam()), by_operators(c), c,
                 8 * 0x1p-24 * std::sqrt(longest));
  }
}

// bfloat16 rounds by 2^-9 at most: on the longest way (up + bias, h and its gradient, the result)
// four times.
TEST_P(FeedForwardPaths, agree_with_float64_in_bfloat16) {
  for (const Case& c : kCases)
    expect_close(by_blocks(c, at::kBFloat16, GetParam()), by_operators(c), c, 4 * 0x1p-9);
}

TEST_P(FeedForwardPaths, give_the_same_bits_on_any_number_of_threads) {
  const int threads = at::get_num_threads();
  for (const Case& c : kCases) {
    std::vector<std::vector<Tensor>> results;
    for (const int count : {1, 2, 2, 3}) {
      at::set_num_threads(count);
      results.push_back(by_blocks(c, at::kBFloat16, GetParam()));
    }
    for (size_t run = 1; run < results.size(); ++run)
      for (size_t i = 0; i < results[0].size(); ++i)
        EXPECT_TRUE(at::equal(results[run][i], results[0][i])) << text(c) << ", result " << i;
  }
  at::set_num_threads(threads);
}

Tensor apply(const Leaves& leaves, const Tensor& experts_NK, FeedForwardKind kind) {
  return sparse_feed_forward(leaves.x_ND, experts_NK, leaves.weights_NK, leaves.experts, kind);
}

TEST(SparseFeedForward, is_the_sum_over_all_experts_of_a_dense_layer_with_weights_of_zero) {
  const Case c = {17, 2, 4, 6, 5, Load::with_empty_choices, kSwiglu, true};
  const Leaves leaves(c, at::kDouble);
  const Tensor experts_NK = routing(c);
  const Tensor mixing_NE =
      at::zeros({c.rows, c.experts + 1}, at::kDouble)
          .scatter_add(1, experts_NK.masked_fill(experts_NK < 0, c.experts), leaves.weights_NK);
  Tensor expected_ND = at::zeros({c.rows, c.width}, at::kDouble);
  for (int64_t e = 0; e < c.experts; ++e) {
    const FeedForwardWeights& w = leaves.experts;
    const Tensor up_NF = at::mm(leaves.x_ND, w.up_EDF[e]) + w.up_bias_EF[e];
    const Tensor g_NF = up_NF.narrow(1, 0, c.hidden), u_NF = up_NF.narrow(1, c.hidden, c.hidden);
    const Tensor h_NF = g_NF * at::sigmoid(g_NF) * u_NF;
    expected_ND =
        expected_ND + mixing_NE.narrow(1, e, 1) * (at::mm(h_NF, w.down_EFD[e]) + w.down_bias_ED[e]);
  }
  const auto results = leaves.results(apply(leaves, experts_NK, c.kind));
  const auto expected = leaves.results(expected_ND);
  for (size_t i = 0; i < results.size(); ++i)
    EXPECT_TRUE(at::allclose(results[i], expected[i], 1e-10, 1e-12)) << i;
}

TEST(SparseFeedForward, leaves_rows_without_an_expert_at_zero) {
  const Case c = {6, 2, 3, 20, 10, Load::random, kGelu, true};
  const Leaves leaves(c, at::kFloat);
  const Tensor experts_NK = routing(c);
  experts_NK[4].fill_(-1);
  const auto results = leaves.results(apply(leaves, experts_NK, c.kind));
  EXPECT_EQ(results[0][4].abs().sum().item<double>(), 0);
  EXPECT_EQ(results[1][4].abs().sum().item<double>(), 0);
  EXPECT_EQ(results[2][4].abs().sum().item<double>(), 0);
  EXPECT_GT(results[0][3].abs().sum().item<double>(), 0);
}

TEST(SparseFeedForward, takes_rows_and_weights_that_are_views) {
  const Case& c = kCases[0];
  Leaves leaves(c, at::kFloat);
  const Tensor expected = apply(leaves, routing(c), c.kind);
  leaves.x_ND = leaves.x_ND.t().contiguous().t();
  leaves.weights_NK = leaves.weights_NK.t().contiguous().t();
  leaves.experts.up_EDF = leaves.experts.up_EDF.transpose(1, 2).contiguous().transpose(1, 2);
  const Tensor experts_NK = routing(c).t().contiguous().t();
  EXPECT_TRUE(at::equal(apply(leaves, experts_NK, c.kind), expected));
}

TEST(SparseFeedForward, gives_gradients_only_where_they_are_wanted) {
  const Case& c = kCases[0];
  const auto all = by_blocks(c, at::kFloat, best_arithmetic());
  for (size_t wanted = 0; wanted + 1 < all.size(); ++wanted) {
    const Leaves leaves(c, at::kFloat);
    const std::vector<Tensor> inputs = leaves.all();
    for (size_t i = 0; i < inputs.size(); ++i) inputs[i].requires_grad_(i == wanted);
    const Tensor y_ND = apply(leaves, routing(c), c.kind);
    const auto grad = torch::autograd::grad({y_ND}, {inputs[wanted]}, {leaves.probe_ND});
    EXPECT_TRUE(at::equal(grad[0], all[wanted + 1])) << wanted;
  }
}

TEST(SparseFeedForward, has_no_gradient_where_nothing_learns) {
  const Leaves leaves(kCases[0], at::kFloat);
  for (const Tensor& leaf : leaves.all()) leaf.requires_grad_(false);
  EXPECT_FALSE(apply(leaves, routing(kCases[0]), kCases[0].kind).requires_grad());
}

TEST(SparseFeedForward, refuses_second_derivatives) {
  const Case& c = kCases[0];
  const Leaves leaves(c, at::kFloat);
  const Tensor y_ND = apply(leaves, routing(c), c.kind);
  // Some versions of LibTorch turn our UserError into one of theirs on its way out of the engine.
  EXPECT_ANY_THROW(torch::autograd::grad({y_ND}, {leaves.x_ND}, {leaves.probe_ND}, true, true));
}

TEST(SparseFeedForward, lets_a_nan_be_seen) {
  for (const FeedForwardKind kind : {kRelu, kGelu, kSwiglu}) {
    const Case c = {9, 2, 3, 20, 10, Load::random, kind, false};
    Leaves leaves(c, at::kFloat);
    leaves.x_ND = leaves.x_ND.detach().clone();
    leaves.x_ND[4][7] = std::nanf("");
    const Tensor seen_N = apply(leaves, routing(c), kind).isnan().all(1);
    EXPECT_EQ(seen_N.sum().item<int64_t>(), 1);
    EXPECT_TRUE(seen_N[4].item<bool>());
  }
}

TEST(SparseFeedForward, names_what_does_not_agree) {
  const Case c = {4, 2, 3, 6, 5, Load::random, kSwiglu, true};
  const Tensor experts_NK = routing(c);
  const auto message = [&](const auto& change, FeedForwardKind kind = kSwiglu) {
    Leaves leaves(c, at::kFloat);
    Tensor experts = experts_NK.clone();
    change(leaves, experts);
    return thrown<UserError>([&] { apply(leaves, experts, kind); });
  };
  EXPECT_EQ(message([](Leaves&, Tensor& experts) { experts[2][1] = 3; }),
            "row 2 is sent to expert 3; expected one of 3, or -1 for none");
  EXPECT_EQ(message([](Leaves&, Tensor& experts) { experts[1][0] = -2; }),
            "row 1 is sent to expert -2; expected one of 3, or -1 for none");
  EXPECT_EQ(message([&](Leaves& l, Tensor& experts) {
              l = Leaves(c, at::kDouble);
              experts[2][1] = 3;
            }),
            "row 2 is sent to expert 3; expected one of 3, or -1 for none");
  EXPECT_EQ(message([](Leaves& l, Tensor&) {
              l.experts.up_EDF = l.experts.up_EDF.narrow(2, 0, 0);
              l.experts.down_EFD = l.experts.down_EFD.narrow(1, 0, 0);
            }),
            "weights of shapes 3x6x0 and 3x0x6; expected at least one expert, row and column");
  EXPECT_EQ(message([](Leaves& l, Tensor&) { l.x_ND = l.x_ND.to(at::kBFloat16); }),
            "x_ND is BFloat16 on cpu; expected Float on cpu, as the weights");
  EXPECT_EQ(message([](Leaves& l, Tensor&) {
              l.experts.down_EFD = l.experts.down_EFD.to(at::kBFloat16);
            }),
            "down_EFD is BFloat16 on cpu; expected Float on cpu, as up_EDF");
  EXPECT_EQ(message([](Leaves&, Tensor&) {}, kRelu), "up_EDF of shape 3x6x10; expected 3x6x5");
  EXPECT_EQ(message([](Leaves& l, Tensor&) { l.weights_NK = l.weights_NK.narrow(1, 0, 1); }),
            "weights_NK of shape 4x1; expected 4x2");
  EXPECT_EQ(message([](Leaves&, Tensor& experts) { experts = experts.to(at::kInt); }),
            "experts_NK is Int; expected Long");
}

TEST(SparseFeedForward, says_which_way_it_goes) {
  const Case c = {100, 2, 4, 6, 5, Load::random, kSwiglu, false};
  const auto said = [&](at::ScalarType type) {
    return describe_feed_forward(c.rows, c.chosen, Leaves(c, type).experts);
  };
  EXPECT_EQ(said(at::kDouble), "ATen's operators, expert by expert: no kernels for Double on cpu");
  EXPECT_EQ(said(at::kFloat).find("grouped product of Float by oneDNN's kernels, "), 0u);
  EXPECT_NE(said(at::kFloat).find(": 50 rows an expert in the mean"), std::string::npos);
  EXPECT_EQ(said(at::kBFloat16).find("grouped product of BFloat16 by "), 0u);
}

TEST(PackedFeedForward, gives_the_same_bits_as_the_weights_it_was_packed_from) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16, at::kDouble})
    for (const Case& c : kCases) {
      const Leaves leaves(c, type);
      const Tensor packed = PackedFeedForward(leaves.experts, c.kind)
                                .forward(leaves.x_ND, routing(c), leaves.weights_NK);
      EXPECT_FALSE(packed.requires_grad());
      EXPECT_TRUE(at::equal(packed, apply(leaves, routing(c), c.kind))) << text(c);
    }
}

TEST(PackedFeedForward, refuses_rows_of_another_type) {
  const Case& c = kCases[0];
  const Leaves leaves(c, at::kFloat);
  const PackedFeedForward packed(leaves.experts, c.kind);
  EXPECT_EQ(thrown<UserError>([&] {
              packed.forward(leaves.x_ND.to(at::kBFloat16), routing(c), leaves.weights_NK);
            }),
            "x_ND is BFloat16 on cpu; expected Float on cpu, as the weights");
}

}  // namespace
}  // namespace moestro
