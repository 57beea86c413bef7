#include "moestro/measure/disagreement.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"

namespace moestro {
namespace {

TEST(Disagreement, of_two_experts_is_a_quarter_of_their_squared_distance) {
  const Tensor out_ENC = testing::normal({2, 5, 3}, 1);
  const Disagreement apart = disagreement(out_ENC);
  EXPECT_TRUE(
      at::allclose(apart.variance_N, (out_ENC[0] - out_ENC[1]).square().mean(1) / 4, 1e-12, 0));
  EXPECT_TRUE(at::allclose(apart.square_N, out_ENC.square().mean({0, 2}), 1e-12, 0));
}

TEST(Disagreement, of_experts_alike_is_none) {
  const Tensor out_ENC = testing::normal({1, 5, 3}, 2).to(at::kFloat).expand({4, 5, 3});
  EXPECT_EQ(disagreement(out_ENC).variance_N.abs().max().item<double>(), 0);
  EXPECT_EQ(disagreement(out_ENC).variance_N.scalar_type(), at::kDouble);
}

TEST(Disagreement, shrinks_with_the_outputs_as_their_square_does) {
  const Tensor out_ENC = testing::normal({3, 5, 2}, 3);
  const Disagreement whole = disagreement(out_ENC), small = disagreement(out_ENC * .1);
  EXPECT_TRUE(at::allclose(small.variance_N, whole.variance_N * .01, 1e-12, 0));
  EXPECT_TRUE(at::allclose(small.square_N, whole.square_N * .01, 1e-12, 0));
  EXPECT_TRUE(at::all(whole.variance_N < whole.square_N).item<bool>());
}

}  // namespace
}  // namespace moestro
