#include "moestro/measure/principal_components.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"

namespace moestro {
namespace {

using testing::normal;

// Rows in D dimensions whose deviations fall from one rotated axis to the next.
Tensor cloud(int64_t rows, int64_t dims, uint64_t seed) {
  const Tensor falling = at::pow(.6, at::arange(dims, at::kDouble));
  const auto [rotation, upper] = at::linalg_qr(normal({dims, dims}, seed + 1));
  return (normal({rows, dims}, seed) * falling).matmul(rotation) + 5;
}

TEST(PrincipalComponents, of_points_on_a_line_are_their_places_on_it) {
  const Tensor along = at::tensor({-1., 0., 4., 1.}, at::kDouble) - 1;
  const Tensor direction = at::tensor({.6, -.8}, at::kDouble);
  const PrincipalComponents found = principal_components(along.outer(direction) + 3, 2);
  EXPECT_TRUE(at::allclose(found.scores_NP.select(1, 0), along, 0, 1e-12));  // 4 is the farthest
  EXPECT_NEAR(found.scores_NP.select(1, 1).abs().max().item<double>(), 0, 1e-7);
  EXPECT_NEAR(found.share_P[0].item<double>(), 1, 1e-12);
}

TEST(PrincipalComponents, are_uncorrelated_and_hold_the_variance_that_they_say) {
  const Tensor rows = cloud(60, 7, 1);
  const PrincipalComponents found = principal_components(rows, 3);
  const Tensor gram = found.scores_NP.t().matmul(found.scores_NP);
  const double whole = (rows - rows.mean(0)).square().sum().item<double>();
  EXPECT_TRUE(at::allclose(gram, (found.share_P * whole).diag(), 0, 1e-10 * whole));
  EXPECT_TRUE((found.share_P.diff() < 0).all().item<bool>());
  EXPECT_NEAR(found.scores_NP.sum(0).abs().max().item<double>(), 0, 1e-10);
}

TEST(PrincipalComponents, agree_with_the_singular_values_whether_rows_or_columns_are_more) {
  for (const auto& [rows, dims] : {std::pair{40, 6}, std::pair{6, 40}}) {
    const Tensor x = cloud(rows, dims, 2);
    const auto [u, s, v] = at::linalg_svd(x - x.mean(0), /*full_matrices=*/false);
    const PrincipalComponents found = principal_components(x, 2);
    EXPECT_TRUE(at::allclose(found.share_P, (s.square() / s.square().sum()).narrow(0, 0, 2)));
    const Tensor expected = (u * s).narrow(1, 0, 2);
    EXPECT_TRUE(at::allclose(found.scores_NP.abs(), expected.abs(), 1e-7, 1e-9));
  }
}

TEST(PrincipalComponents, do_not_flip_with_the_data_or_the_axes) {
  const Tensor x = cloud(30, 5, 4);
  const Tensor scores = principal_components(x, 2).scores_NP;
  EXPECT_TRUE((scores.gather(0, scores.abs().argmax(0, true)) > 0).all().item<bool>());
  EXPECT_TRUE(at::allclose(principal_components(-x, 2).scores_NP, scores, 1e-9, 1e-11));
  EXPECT_TRUE(at::allclose(principal_components(x.flip(1), 2).scores_NP, scores, 1e-9, 1e-11));
}

TEST(PrincipalComponents, take_images_as_rows) {
  const Tensor x = cloud(10, 12, 5);
  EXPECT_TRUE(at::equal(principal_components(x.view({10, 3, 2, 2}), 2).scores_NP,
                        principal_components(x, 2).scores_NP));
}

TEST(PrincipalComponents, of_rows_all_alike_explain_nothing) {
  const PrincipalComponents found = principal_components(at::ones({4, 3}), 2);
  EXPECT_TRUE(at::equal(found.share_P, at::zeros({2}, at::kDouble)));
  EXPECT_TRUE(at::equal(found.scores_NP, at::zeros({4, 2}, at::kDouble)));
}

}  // namespace
}  // namespace moestro
