#include "moestro/nn/feed_forward.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "feed_forward_case.h"
#include "moestro/core/error.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::FeedForwardCase, testing::FeedForwardLeaves, testing::kGelu, testing::kRelu;
using testing::kSwiglu, testing::routing;
using testing::thrown;
using Case = FeedForwardCase;
using Leaves = FeedForwardLeaves;

const Case kTypical = {150, 2, 5, 70, 37, Case::random, kSwiglu, true};

Tensor apply(const Leaves& leaves, const Tensor& experts_NK, FeedForwardKind kind) {
  return sparse_feed_forward(leaves.x_ND, experts_NK, leaves.weights_NK, leaves.experts, kind);
}

TEST(SparseFeedForward, is_the_sum_over_all_experts_of_a_dense_layer_with_weights_of_zero) {
  const Case c = {17, 2, 4, 6, 5, Case::with_empty_choices, kSwiglu, true};
  const Leaves leaves(c, at::kDouble);
  const Tensor experts_NK = routing(c);
  const auto results = leaves.results(apply(leaves, experts_NK, c.kind));
  const auto expected = leaves.results(testing::dense_feed_forward(leaves, experts_NK, c.kind));
  for (size_t i = 0; i < results.size(); ++i)
    EXPECT_TRUE(at::allclose(results[i], expected[i], 1e-10, 1e-12)) << i;
}

TEST(SparseFeedForward, leaves_rows_without_an_expert_at_zero) {
  const Case c = {6, 2, 3, 20, 10, Case::random, kGelu, true};
  const Leaves leaves(c, at::kFloat);
  const Tensor experts_NK = routing(c);
  experts_NK[4].fill_(-1);
  const auto results = leaves.results(apply(leaves, experts_NK, c.kind));
  EXPECT_EQ(results[0][4].abs().sum().item<double>(), 0);
  EXPECT_EQ(results[1][4].abs().sum().item<double>(), 0);
  EXPECT_EQ(results[2][4].abs().sum().item<double>(), 0);
  EXPECT_GT(results[0][3].abs().sum().item<double>(), 0);
}

// The same numbers, with others between them in memory.
Tensor apart(const Tensor& tensor) {
  const Tensor view = at::stack({tensor.detach(), tensor.detach() + 1}, -1).select(-1, 0);
  return view.set_requires_grad(tensor.requires_grad());
}

TEST(SparseFeedForward, takes_views_of_everything) {
  const Case& c = kTypical;
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16, at::kDouble}) {
    Leaves leaves(c, type);
    const auto expected = leaves.results(apply(leaves, routing(c), c.kind));
    FeedForwardWeights& experts = leaves.experts;
    for (Tensor* tensor : {&leaves.x_ND, &leaves.weights_NK, &experts.up_EDF, &experts.down_EFD,
                           &experts.up_bias_EF, &experts.down_bias_ED, &leaves.probe_ND})
      *tensor = apart(*tensor);
    ASSERT_FALSE(experts.down_EFD.is_contiguous() || leaves.probe_ND.is_contiguous());
    const auto results = leaves.results(apply(leaves, apart(routing(c)), c.kind));
    for (size_t i = 0; i < expected.size(); ++i)
      EXPECT_TRUE(at::allclose(results[i], expected[i], 0, type == at::kDouble ? 1e-12 : 0))
          << c10::toString(type) << ", result " << i;
  }
}

TEST(SparseFeedForward, gives_gradients_only_where_they_are_wanted) {
  const Case& c = kTypical;
  const Leaves every(c, at::kFloat);
  const auto all = every.results(apply(every, routing(c), c.kind));
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
  const Leaves leaves(kTypical, at::kFloat);
  for (const Tensor& leaf : leaves.all()) leaf.requires_grad_(false);
  EXPECT_FALSE(apply(leaves, routing(kTypical), kTypical.kind).requires_grad());
}

TEST(SparseFeedForward, refuses_second_derivatives) {
  const Case& c = kTypical;
  const Leaves leaves(c, at::kFloat);
  const Tensor y_ND = apply(leaves, routing(c), c.kind);
  // Some versions of LibTorch turn our UserError into one of theirs on its way out of the engine.
  EXPECT_ANY_THROW(torch::autograd::grad({y_ND}, {leaves.x_ND}, {leaves.probe_ND}, true, true));
}

TEST(SparseFeedForward, lets_a_nan_be_seen) {
  for (const FeedForwardKind kind : {kRelu, kGelu, kSwiglu}) {
    const Case c = {9, 2, 3, 20, 10, Case::random, kind, false};
    Leaves leaves(c, at::kFloat);
    leaves.x_ND = leaves.x_ND.detach().clone();
    leaves.x_ND[4][7] = std::nanf("");
    const Tensor seen_N = apply(leaves, routing(c), kind).isnan().all(1);
    EXPECT_EQ(seen_N.sum().item<int64_t>(), 1);
    EXPECT_TRUE(seen_N[4].item<bool>());
  }
}

TEST(SparseFeedForward, names_what_does_not_agree) {
  const Case c = {4, 2, 3, 6, 5, Case::random, kSwiglu, true};
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
  const Case c = {100, 2, 4, 6, 5, Case::random, kSwiglu, false};
  const auto said = [&](at::ScalarType type) {
    return describe_feed_forward(Leaves(c, type).experts);
  };
  EXPECT_EQ(
      said(at::kDouble),
      "ATen's products of Double on cpu, expert by expert, over sorted rows: no kernels for them");
  EXPECT_TRUE(
      said(at::kFloat).starts_with("grouped product of Float: up to 4 rows of an expert by "));
  EXPECT_TRUE(said(at::kFloat)
                  .ends_with(" code, since reading the weights takes the time; more by oneDNN's "
                             "kernels, at most 512 at a "
                             "time"));
  EXPECT_TRUE(said(at::kBFloat16).starts_with("grouped product of BFloat16: up to 4 rows "));
}

TEST(PackedFeedForward, gives_the_same_bits_as_the_weights_it_was_packed_from) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16, at::kDouble})
    for (const Case& c : testing::kFeedForwardCases) {
      const Leaves leaves(c, type);
      const Tensor packed = PackedFeedForward(leaves.experts, c.kind)
                                .forward(leaves.x_ND, routing(c), leaves.weights_NK);
      EXPECT_FALSE(packed.requires_grad());
      EXPECT_TRUE(at::equal(packed, apply(leaves, routing(c), c.kind))) << c.text();
    }
}

TEST(PackedFeedForward, refuses_rows_of_another_type) {
  const Case& c = kTypical;
  const Leaves leaves(c, at::kFloat);
  const PackedFeedForward packed(leaves.experts, c.kind);
  EXPECT_EQ(thrown<UserError>([&] {
              packed.forward(leaves.x_ND.to(at::kBFloat16), routing(c), leaves.weights_NK);
            }),
            "x_ND is BFloat16 on cpu; expected Float on cpu, as the weights");
}

}  // namespace
}  // namespace moestro
