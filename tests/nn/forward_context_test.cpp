#include "moestro/nn/forward_context.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace moestro {
namespace {

TEST(ForwardContext, casts_to_its_precision_and_leaves_all_as_it_is_without_one) {
  const Tensor x = at::ones({2}, at::kDouble);
  EXPECT_EQ(in_precision(x, {.precision = at::kBFloat16}).scalar_type(), at::kBFloat16);
  EXPECT_TRUE(in_precision(x, {}).is_same(x));
}

}  // namespace
}  // namespace moestro
