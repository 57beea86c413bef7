#include "moestro/objective/distances.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/objective/balance.h"
#include "moestro/objective/similarity.h"
#include "objective/pairs.h"

namespace moestro {
namespace {

using testing::normal;
using testing::pair_distances;
using testing::symmetric;
using testing::table;

constexpr SimilarityForm kBalanced = SimilarityForm::balanced;
constexpr SimilarityForm kPublished = SimilarityForm::published;

double value(const Tensor& scalar) {
  return scalar.item<double>();
}

TEST(EuclideanDistances, are_those_of_a_loop_over_pairs_whatever_the_rows) {
  for (const int64_t rows : {2, 5, 128, 130, 300}) {
    const Tensor x = normal({rows, 2, 3}, 20);
    EXPECT_TRUE(at::allclose(symmetric(euclidean_distances(x)),
                             at::cdist(x.flatten(1), x.flatten(1), 2, 2), 1e-9, 1e-9))
        << rows;
  }
  const Tensor x = normal({5, 7}, 21);
  EXPECT_TRUE(at::allclose(symmetric(euclidean_distances(x)), pair_distances(x), 1e-9, 1e-9));
}

TEST(EuclideanDistances, of_equal_rows_are_small_even_far_from_the_origin) {
  Tensor x = normal({200, 784}, 22).to(at::kFloat) + 100;
  x[150].copy_(x[3]);
  const Tensor distance = symmetric(euclidean_distances(x));
  EXPECT_LT(distance[3][150].item<double>(), .03);  // others are sqrt(2 * 784) = 40 apart
  EXPECT_EQ(distance.diagonal().abs().max().item<double>(), 0);
  EXPECT_TRUE(at::allclose(distance[3].slice(0, 4, 150).to(at::kDouble),
                           pair_distances(x.slice(0, 3, 150))[0].slice(0, 1), 1e-4, 0));
}

TEST(EuclideanDistances, are_in_float32_at_least_and_without_gradient) {
  const Tensor x = normal({3, 2}, 23, true);
  EXPECT_FALSE(euclidean_distances(x).requires_grad());
  EXPECT_EQ(euclidean_distances(x.to(at::kBFloat16)).scalar_type(), at::kFloat);
  EXPECT_EQ(similarity(at::full({3, 2}, .5, at::kBFloat16), euclidean_distances(x.to(at::kFloat)),
                       kBalanced)
                .same.scalar_type(),
            at::kFloat);
}

TEST(CosineDistances, are_those_of_a_loop_over_pairs) {
  const Tensor x = normal({6, 2, 2}, 24);
  EXPECT_TRUE(at::allclose(symmetric(cosine_distances(x)), pair_distances(x, true), 1e-9, 1e-12));
}

TEST(CosineDistances, do_not_depend_on_the_length_of_a_row) {
  const Tensor x = normal({6, 4}, 25), lengths = normal({6, 1}, 26).abs() + .1;
  EXPECT_TRUE(at::allclose(cosine_distances(x * lengths), cosine_distances(x), 1e-9, 1e-12));
}

TEST(CosineDistances, of_a_row_of_zeros_are_one) {
  const Tensor distance = symmetric(cosine_distances(table({0, 0, 1, 2, 3, 1}, 2)));
  EXPECT_DOUBLE_EQ(distance[0][1].item<double>(), 1);
  EXPECT_DOUBLE_EQ(distance[0][2].item<double>(), 1);
  EXPECT_EQ(distance[0][0].item<double>(), 0);
}

TEST(ConstantDistances, leave_a_value_that_depends_on_usage_alone) {
  const Tensor distance = constant_distances(euclidean_distances(normal({4, 3}, 27)));
  const Tensor sure = table({1, 0, 1, 0, 1, 0, 0, 1}, 2),
               unsure = table({.9, .1, .6, .4, .8, .2, .7, .3}, 2);
  ASSERT_TRUE(at::allclose(sure.sum(0), unsure.sum(0)));
  for (const SimilarityForm form : {kBalanced, kPublished})
    EXPECT_NEAR(value(similarity(sure, distance, form).same),
                value(similarity(unsure, distance, form).same), 1e-12);
  // E / B^2 sum_i I_i^2 = 1 + (E - 1) / E * the squared coefficient of variation.
  EXPECT_NEAR(value(similarity(sure, distance, kBalanced).same),
              1 + value(importance_loss(sure)) / 2, 1e-12);
}

TEST(ConstantDistances, keep_the_mean) {
  const Tensor distance = euclidean_distances(normal({5, 3}, 28));
  EXPECT_NEAR(value(constant_distances(distance).mean()), value(distance.mean()), 1e-12);
}

TEST(ShuffledDistances, are_those_of_the_samples_before) {
  const Tensor distance = pair_distances(normal({5, 3}, 29));
  const Tensor shuffled = symmetric(shuffled_distances(euclidean_distances(normal({5, 3}, 29))));
  for (int64_t a = 0; a < 5; ++a)
    for (int64_t b = 0; b < 5; ++b)
      EXPECT_NEAR(shuffled[a][b].item<double>(), distance[(a + 4) % 5][(b + 4) % 5].item<double>(),
                  1e-9);
}

}  // namespace
}  // namespace moestro
