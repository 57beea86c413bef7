// The kernels of sparse experts, each way in turn, against float64.
#include <gtest/gtest.h>

#include "feed_forward_case.h"
#include "nn/kernels/feed_forward/function.h"
#include "nn/kernels/feed_forward/plain.h"
#include "thread_count.h"

namespace moestro {
namespace {

using testing::FeedForwardLeaves, testing::kFeedForwardCases, testing::routing;
using Case = testing::FeedForwardCase;

std::vector<Tensor> by_blocks(const Case& c, at::ScalarType type, Arithmetic arithmetic) {
  const FeedForwardLeaves leaves(c, type);
  return leaves.results(block_feed_forward(leaves.x_ND, routing(c), leaves.weights_NK,
                                           leaves.experts, c.kind, arithmetic));
}

std::vector<Tensor> by_operators(const Case& c) {
  const FeedForwardLeaves leaves(c, at::kDouble);
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
    EXPECT_LE(error, tolerance * scale) << c.text() << ", result " << i;
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
  for (const Case& c : kFeedForwardCases) {
    const double longest = std::max({c.width, 2 * c.hidden, c.rows, int64_t{4}});
    expect_close(by_blocks(c, at::kFloat, GetParam()), by_operators(c), c,
                 8 * 0x1p-24 * std::sqrt(longest));
  }
}

// bfloat16 rounds by 2^-9 at most: on the longest way (up + bias, h and its gradient, the result)
// four times.
TEST_P(FeedForwardPaths, agree_with_float64_in_bfloat16) {
  for (const Case& c : kFeedForwardCases)
    expect_close(by_blocks(c, at::kBFloat16, GetParam()), by_operators(c), c, 4 * 0x1p-9);
}

TEST_P(FeedForwardPaths, give_the_same_bits_on_any_number_of_threads) {
  const testing::ThreadCountKept kept;
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16})
    for (const Case& c : kFeedForwardCases) {
      std::vector<std::vector<Tensor>> results;
      for (const int count : {1, 2, 2, 3}) {
        at::set_num_threads(count);
        results.push_back(by_blocks(c, type, GetParam()));
      }
      for (size_t run = 1; run < results.size(); ++run)
        for (size_t i = 0; i < results[0].size(); ++i)
          EXPECT_TRUE(at::equal(results[run][i], results[0][i])) << c.text() << ", result " << i;
    }
}

}  // namespace
}  // namespace moestro
