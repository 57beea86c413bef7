// Layers of sparse experts for tests, with every tensor that a gradient reaches.
#pragma once

#include <random>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "gradient_check.h"
#include "moestro/nn/feed_forward.h"

namespace moestro::testing {

struct FeedForwardCase {
  enum Load { random, one_expert, with_empty_choices, skewed };  // skewed: as 1, 1/2, 1/3, ...
  int64_t rows, chosen, experts, width, hidden;
  Load load;
  FeedForwardKind kind;
  bool bias;

  std::string text() const {
    return fmt::format("N {} K {} E {} D {} F {}, load {}, kind {}, bias {}", rows, chosen, experts,
                       width, hidden, static_cast<int>(load), static_cast<int>(kind), bias);
  }
};

inline constexpr auto kRelu = FeedForwardKind::relu, kGelu = FeedForwardKind::gelu,
                      kSwiglu = FeedForwardKind::swiglu;

// Odd sizes, one row, no rows, all experts chosen, more rows than a block has, more columns than a
// strip, and sums longer than those done at a time.
inline const std::vector<FeedForwardCase> kChosenCases = {
    {150, 2, 5, 70, 37, FeedForwardCase::random, kSwiglu, true},
    {150, 2, 5, 70, 37, FeedForwardCase::random, kGelu, false},
    {550, 1, 3, 65, 130, FeedForwardCase::one_expert, kSwiglu, false},
    {280, 2, 4, 64, 64, FeedForwardCase::one_expert, kRelu, true},
    {61, 4, 4, 128, 100, FeedForwardCase::random, kGelu, true},
    {90, 3, 8, 33, 48, FeedForwardCase::with_empty_choices, kSwiglu, true},
    {90, 3, 8, 32, 17, FeedForwardCase::with_empty_choices, kRelu, false},
    {1, 1, 3, 33, 17, FeedForwardCase::random, kSwiglu, true},
    {1, 2, 4, 300, 100, FeedForwardCase::random, kSwiglu, false},
    {1, 1, 2, 1100, 40, FeedForwardCase::random, kGelu, true},
    {1, 2, 3, 40, 1060, FeedForwardCase::random, kSwiglu, true},
    {300, 2, 6, 48, 50, FeedForwardCase::skewed, kSwiglu, false},
    {5, 2, 4, 1, 1, FeedForwardCase::random, kGelu, true},
    {0, 2, 3, 16, 8, FeedForwardCase::random, kSwiglu, true},
    {20, 1, 2, 1100, 40, FeedForwardCase::random, kSwiglu, true},
    {20, 1, 2, 30, 1060, FeedForwardCase::random, kGelu, true},
};

// The same in every run: any sizes, any load, so that nothing rests on what we thought of.
inline std::vector<FeedForwardCase> drawn_cases(int count) {
  std::mt19937_64 bits(5);
  const auto draw = [&](int64_t least, int64_t most) {
    return least + static_cast<int64_t>(bits() % static_cast<uint64_t>(most - least + 1));
  };
  std::vector<FeedForwardCase> cases;
  for (int i = 0; i < count; ++i) {
    const auto load = static_cast<FeedForwardCase::Load>(i % 4);
    const int64_t experts = draw(3, 9);
    // One expert chosen twice by a row may cancel itself, and more than rounding is left.
    const int64_t chosen = load == FeedForwardCase::one_expert ? 1 : std::min(draw(1, 4), experts);
    cases.push_back({draw(1, 1 << draw(1, 8)), chosen, experts, draw(1, 200), draw(1, 150), load,
                     static_cast<FeedForwardKind>(draw(0, 2)), draw(0, 1) == 1});
  }
  return cases;
}

inline const std::vector<FeedForwardCase> kFeedForwardCases = [] {
  std::vector<FeedForwardCase> all = kChosenCases;
  for (const FeedForwardCase& drawn : drawn_cases(16)) all.push_back(drawn);
  return all;
}();

inline Tensor routing(const FeedForwardCase& c) {
  const Tensor noise_NE = normal({c.rows, c.experts}, 11);
  Tensor scores_NE = noise_NE;
  if (c.load == FeedForwardCase::skewed) {  // the first of a row falls as the shares
    const Tensor even_NE = at::special_ndtr(noise_NE);
    scores_NE = -(-even_NE.log()).log() - at::arange(1, c.experts + 1, at::kDouble).log();
  }
  Tensor experts_NK = std::get<1>(scores_NE.topk(c.chosen, 1));
  if (c.load == FeedForwardCase::one_expert) experts_NK.select(1, 0).fill_(2);
  if (c.load == FeedForwardCase::with_empty_choices) {
    experts_NK.masked_fill_(noise_NE.narrow(1, 0, c.chosen) > .5, -1);
    experts_NK[0].fill_(-1);
  }
  return experts_NK;
}

// All that a gradient reaches; numbers that bfloat16 holds exactly.
struct FeedForwardLeaves {
  Tensor x_ND, weights_NK;
  FeedForwardWeights experts;
  Tensor probe_ND;

  FeedForwardLeaves(const FeedForwardCase& c, at::ScalarType type, c10::Device device = at::kCPU) {
    const auto leaf = [type, device](const Shape& shape, uint64_t seed, double scale) {
      const Tensor value = (normal(shape, seed) * scale).to(at::kBFloat16).to(device, type);
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

// The sum over all experts of a dense layer, with weights of zero where a row did not choose one.
inline Tensor dense_feed_forward(const FeedForwardLeaves& leaves, const Tensor& experts_NK,
                                 FeedForwardKind kind) {
  const FeedForwardWeights& w = leaves.experts;
  const int64_t experts = w.up_EDF.size(0), hidden = w.down_EFD.size(1);
  const Tensor mixing_NE =
      at::zeros({leaves.x_ND.size(0), experts + 1}, leaves.weights_NK.options())
          .scatter_add(1, experts_NK.masked_fill(experts_NK < 0, experts), leaves.weights_NK);
  Tensor y_ND = at::zeros_like(leaves.x_ND);
  for (int64_t e = 0; e < experts; ++e) {
    Tensor h_NF = at::mm(leaves.x_ND, w.up_EDF[e]);
    if (w.up_bias_EF.defined()) h_NF = h_NF + w.up_bias_EF[e];
    if (kind == kSwiglu) {
      const Tensor g_NF = h_NF.narrow(1, 0, hidden), u_NF = h_NF.narrow(1, hidden, hidden);
      h_NF = g_NF * at::sigmoid(g_NF) * u_NF;
    } else {
      h_NF = kind == kRelu ? h_NF.clamp_min(0) : h_NF * at::special_ndtr(h_NF);
    }
    Tensor out_ND = at::mm(h_NF, w.down_EFD[e]);
    if (w.down_bias_ED.defined()) out_ND = out_ND + w.down_bias_ED[e];
    y_ND = y_ND + mixing_NE.narrow(1, e, 1) * out_ND;
  }
  return y_ND;
}

// In the mean over a tensor, relative to it. Gradients of weights_NK are products grad_y . y_k that
// may cancel: those relative to the lengths of both.
inline void expect_close(const std::vector<Tensor>& results, const std::vector<Tensor>& expected,
                         const FeedForwardCase& c, double tolerance) {
  ASSERT_EQ(results.size(), expected.size());
  for (size_t i = 0; i < results.size(); ++i) {
    ASSERT_EQ(results[i].sizes(), expected[i].sizes());
    if (results[i].numel() == 0) continue;
    double scale = expected[i].norm().item<double>();
    if (i == 2) scale = std::max(scale, expected[0].norm().item<double>() * std::sqrt(c.width));
    const double error = (results[i].to(at::kCPU, at::kDouble) - expected[i]).norm().item<double>();
    EXPECT_LE(error, tolerance * scale) << c.text() << ", result " << i;
  }
}

// A sum of n roundings grows like their root; 4 units in the last place for each, and the same
// again for the functions. bfloat16 rounds by 2^-9 at most: on the longest way (up + bias, h and
// its gradient, the result) four times.
inline double tolerance(const FeedForwardCase& c, at::ScalarType type) {
  if (type == at::kBFloat16) return 4 * 0x1p-9;
  const double longest = std::max({c.width, 2 * c.hidden, c.rows, int64_t{4}});
  return 8 * (type == at::kFloat ? 0x1p-24 : 0x1p-53) * std::sqrt(longest);
}

}  // namespace moestro::testing
