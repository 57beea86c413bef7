// The kernels of sparse experts, each way in turn, against float64.
#include <gtest/gtest.h>

#include "feed_forward_case.h"
#include "nn/kernels/feed_forward/function.h"
#include "thread_count.h"

namespace moestro {
namespace {

using testing::dense_feed_forward, testing::expect_close, testing::tolerance;
using testing::FeedForwardLeaves, testing::kFeedForwardCases, testing::routing;
using Case = testing::FeedForwardCase;

std::vector<Tensor> by_blocks(const Case& c, at::ScalarType type, Arithmetic arithmetic) {
  const FeedForwardLeaves leaves(c, type);
  return leaves.results(block_feed_forward(leaves.x_ND, routing(c), leaves.weights_NK,
                                           leaves.experts, c.kind, arithmetic));
}

std::vector<Tensor> by_dense_layers(const Case& c) {
  const FeedForwardLeaves leaves(c, at::kDouble);
  return leaves.results(dense_feed_forward(leaves, routing(c), c.kind));
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

TEST_P(FeedForwardPaths, agree_with_float64) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16})
    for (const Case& c : kFeedForwardCases)
      expect_close(by_blocks(c, type, GetParam()), by_dense_layers(c), c, tolerance(c, type));
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
