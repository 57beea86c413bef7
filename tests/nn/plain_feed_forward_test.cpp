// Sparse experts composed of ATen's operators, each way in turn, against float64. On the CPU
// at::_grouped_mm is a loop of LibTorch's: it shows that what stands around it is right.
#include <ATen/Context.h>
#include <gtest/gtest.h>

#include "cuda_device.h"
#include "feed_forward_case.h"
#include "moestro/core/error.h"
#include "nn/kernels/feed_forward/plain.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::dense_feed_forward, testing::expect_close, testing::tolerance;
using testing::FeedForwardLeaves, testing::kFeedForwardCases, testing::routing;
using testing::has_cuda;
using testing::thrown;
using Case = testing::FeedForwardCase;

// Memory that nobody wrote to holds NaN.
class UnwrittenIsNan {
 public:
  UnwrittenIsNan() { at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/true); }
  ~UnwrittenIsNan() { at::globalContext().setDeterministicAlgorithms(false, false); }
};

// Of widths that at::_grouped_mm takes.
std::vector<Case> cases() {
  std::vector<Case> all = kFeedForwardCases;
  for (Case& c : all)
    for (int64_t* width : {&c.width, &c.hidden}) *width = (*width + 7) / 8 * 8;
  return all;
}

std::vector<Tensor> results(const Case& c, at::ScalarType type, ProductWay way,
                            c10::Device device = at::kCPU) {
  const FeedForwardLeaves leaves(c, type, device);
  return leaves.results(plain_feed_forward(leaves.x_ND, routing(c).to(device), leaves.weights_NK,
                                           leaves.experts, c.kind, way));
}

void expect_right(at::ScalarType type, ProductWay way, c10::Device device = at::kCPU) {
  const UnwrittenIsNan unwritten;
  for (const Case& c : cases()) {
    const FeedForwardLeaves exact(c, at::kDouble);
    const auto expected = exact.results(dense_feed_forward(exact, routing(c), c.kind));
    expect_close(results(c, type, way, device), expected, c, tolerance(c, type));
  }
}

TEST(PlainFeedForward, agrees_with_dense_layers_expert_by_expert) {
  for (const at::ScalarType type : {at::kDouble, at::kFloat, at::kBFloat16})
    expect_right(type, ProductWay::looped);
}

TEST(PlainFeedForward, agrees_with_dense_layers_as_grouped_product) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16})
    expect_right(type, ProductWay::grouped);
}

TEST(PlainFeedForward, agrees_with_dense_layers_on_cuda) {
  if (!has_cuda()) GTEST_SKIP() << "no CUDA device";
  expect_right(at::kBFloat16, ProductWay::grouped, at::kCUDA);
  for (const at::ScalarType type : {at::kDouble, at::kFloat, at::kBFloat16})
    expect_right(type, ProductWay::looped, at::kCUDA);
}

TEST(PlainFeedForward, gives_the_same_bits_twice_on_cuda) {
  if (!has_cuda()) GTEST_SKIP() << "no CUDA device";
  for (const ProductWay way : {ProductWay::looped, ProductWay::grouped})
    for (const Case& c : cases()) {
      const auto first = results(c, at::kBFloat16, way, at::kCUDA);
      const auto second = results(c, at::kBFloat16, way, at::kCUDA);
      for (size_t i = 0; i < first.size(); ++i)
        EXPECT_TRUE(at::equal(first[i], second[i])) << c.text() << ", result " << i;
    }
}

TEST(PlainFeedForward, counts_nothing_of_an_empty_choice) {
  const UnwrittenIsNan unwritten;
  const Case c = {9, 2, 3, 16, 8, Case::random, testing::kSwiglu, true};
  for (const ProductWay way : {ProductWay::looped, ProductWay::grouped}) {
    FeedForwardLeaves leaves(c, at::kFloat);
    for (Tensor* tensor : {&leaves.x_ND, &leaves.weights_NK}) {
      tensor->set_requires_grad(false)[4].fill_(std::nan(""));
      tensor->set_requires_grad(true);
    }
    const Tensor experts_NK = routing(c);
    experts_NK[4].fill_(-1);
    const auto made = leaves.results(plain_feed_forward(leaves.x_ND, experts_NK, leaves.weights_NK,
                                                        leaves.experts, c.kind, way));
    for (size_t i = 0; i < made.size(); ++i) EXPECT_TRUE(made[i].isfinite().all().item<bool>());
    for (size_t i = 0; i < 3; ++i) EXPECT_EQ(made[i][4].abs().sum().item<double>(), 0);
  }
}

TEST(PlainFeedForward, computes_nothing_where_all_choices_are_empty) {
  const UnwrittenIsNan unwritten;
  const Case c = {5, 2, 3, 16, 8, Case::random, testing::kGelu, true};
  for (const ProductWay way : {ProductWay::looped, ProductWay::grouped}) {
    const FeedForwardLeaves leaves(c, at::kFloat);
    const Tensor none_NK = at::full({5, 2}, -1, at::kLong);
    for (const Tensor& made : leaves.results(plain_feed_forward(
             leaves.x_ND, none_NK, leaves.weights_NK, leaves.experts, c.kind, way)))
      EXPECT_EQ(made.abs().sum().item<double>(), 0);
  }
}

TEST(SortedRows, stand_in_the_same_order_on_cuda) {
  if (!has_cuda()) GTEST_SKIP() << "no CUDA device";
  for (const Case& c : cases()) {
    const Tensor experts_NK = routing(c);
    const SortedRows here = sort_rows(experts_NK, c.experts, /*ends_on_host=*/true);
    const SortedRows there = sort_rows(experts_NK.to(at::kCUDA), c.experts, /*ends_on_host=*/true);
    EXPECT_EQ(here.ends, there.ends);
    EXPECT_TRUE(at::equal(here.place_R, there.place_R.cpu())) << c.text();
    EXPECT_TRUE(at::equal(here.row_NK, there.row_NK.cpu())) << c.text();
  }
}

TEST(SortedRows, stand_by_expert_and_then_by_place) {
  const Tensor experts_NK = at::tensor({2, 0, -1, 2, 0, -1}, at::kLong).view({3, 2});
  const SortedRows rows = sort_rows(experts_NK, 4, /*ends_on_host=*/true);
  EXPECT_EQ(rows.ends, (std::vector<int64_t>{2, 2, 4, 4}));
  EXPECT_TRUE(at::equal(rows.ends_E, at::tensor({2, 2, 4, 4}, at::kInt)));
  EXPECT_TRUE(at::equal(rows.place_R.narrow(0, 0, 4), at::tensor({1, 4, 0, 3}, at::kLong)));
  EXPECT_TRUE(at::equal(rows.token_R.narrow(0, 0, 4), at::tensor({0, 2, 0, 1}, at::kLong)));
  EXPECT_TRUE(at::equal(rows.row_NK, at::tensor({2, 0, 6, 3, 1, 6}, at::kLong).view({3, 2})));
}

TEST(SortedRows, refuse_a_choice_out_of_range) {
  for (const int64_t wrong : {int64_t{3}, int64_t{-2}, int64_t{1} << 40}) {
    const Tensor experts_NK = at::tensor({0, 2, -1, 0}, at::kLong).view({2, 2});
    experts_NK[1][1].fill_(wrong);
    EXPECT_EQ(thrown<UserError>([&] { sort_rows(experts_NK, 3, /*ends_on_host=*/true); }),
              fmt::format("row 1 is sent to expert {}; expected one of 3, or -1 for none", wrong));
    EXPECT_THROW(sort_rows(experts_NK, 3, /*ends_on_host=*/false), c10::Error);
  }
}

}  // namespace
}  // namespace moestro
