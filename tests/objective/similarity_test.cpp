#include "moestro/objective/similarity.h"

#include <limits>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/objective/distances.h"
#include "objective/pairs.h"

namespace moestro {
namespace {

using testing::gradient_error;
using testing::normal;
using testing::pair_distances;
using testing::table;

constexpr SimilarityForm kBalanced = SimilarityForm::balanced;
constexpr SimilarityForm kPublished = SimilarityForm::published;
const double kNaN = std::numeric_limits<double>::quiet_NaN();

double value(const Tensor& scalar) {
  EXPECT_EQ(scalar.dim(), 0);
  return scalar.item<double>();
}

Tensor mask(std::vector<int64_t> flags) {
  return at::tensor(flags, at::kLong).to(at::kBool);
}

struct Sums {
  double same = 0, different = 0;  // the double sums of the paper, as they are written
};

Sums sums(const Tensor& probs_BE, const Tensor& distance_BB) {
  Sums out;
  const auto p = probs_BE.accessor<double, 2>(), d = distance_BB.accessor<double, 2>();
  const int64_t rows = p.size(0), experts = p.size(1);
  for (int64_t i = 0; i < experts; ++i)
    for (int64_t j = 0; j < experts; ++j)
      for (int64_t a = 0; a < rows; ++a)
        for (int64_t b = 0; b < rows; ++b)
          (i == j ? out.same : out.different) += p[a][i] * p[b][j] * d[a][b];
  const auto count = static_cast<double>(experts);
  out.same /= count;
  out.different /= count * count - count;
  return out;
}

// Corners of a square of side 2: distances 2 along a side, 2 sqrt 2 across.
const Tensor kCorners = table({1, 1, 1, 3, 3, 1, 3, 3}, 2);

TEST(Similarity, of_four_corners_and_two_experts_is_what_one_counts_by_hand) {
  // Expert 0 has the left side, expert 1 the right one: 2 + 2 within each, 2 * (2 + 2 + 2 sqrt 8)
  // between them.
  const Tensor probs = table({1, 0, 1, 0, 0, 1, 0, 1}, 2);
  const Tensor distance = euclidean_distances(kCorners);
  const double across = 2 * std::sqrt(2.), apart = 2 * (4 + 2 * across), all = 8 + apart;
  const Similarity published = similarity(probs, distance, kPublished);
  EXPECT_NEAR(value(published.same), 8. / 2, 1e-12);
  EXPECT_NEAR(value(published.different), -(apart / 2) / 16, 1e-12);
  const Similarity balanced = similarity(probs, distance, kBalanced);
  EXPECT_NEAR(value(balanced.same), 4 * (8. / 2) / all, 1e-12);
  EXPECT_NEAR(value(balanced.different), -4 * (apart / 2) / all, 1e-12);
}

TEST(Similarity, is_less_for_a_split_along_the_distances_than_for_one_across_them) {
  const Tensor distance = euclidean_distances(kCorners);
  const Tensor sides = table({1, 0, 1, 0, 0, 1, 0, 1}, 2),
               across = table({1, 0, 0, 1, 0, 1, 1, 0}, 2);
  for (const SimilarityForm form : {kBalanced, kPublished}) {
    const Similarity good = similarity(sides, distance, form);
    const Similarity bad = similarity(across, distance, form);
    EXPECT_LT(value(good.same), value(bad.same));
    EXPECT_LT(value(good.different), value(bad.different));
  }
}

TEST(Similarity, published_form_is_the_published_double_sum) {
  for (const auto& [rows, experts] : std::vector<std::pair<int64_t, int64_t>>{{2, 2}, {9, 4}}) {
    const Tensor probs = normal({rows, experts}, 1).softmax(1), x = normal({rows, 3, 2}, 2);
    const Sums expected = sums(probs, pair_distances(x));
    const Similarity found = similarity(probs, euclidean_distances(x), kPublished);
    EXPECT_NEAR(value(found.same), expected.same, 1e-11);
    EXPECT_NEAR(value(found.different), -expected.different / double(rows * rows), 1e-12);
  }
}

TEST(Similarity, balanced_form_scales_both_sums_alike) {
  const int64_t rows = 9, experts = 4;
  const Tensor probs = normal({rows, experts}, 3).softmax(1), x = normal({rows, 6}, 4);
  const Tensor distance = pair_distances(x);
  const Sums expected = sums(probs, distance / distance.mean());
  const double scale = double(experts * experts) / double(rows * rows);
  const Similarity found = similarity(probs, euclidean_distances(x), kBalanced);
  EXPECT_NEAR(value(found.same), scale * expected.same, 1e-12);
  EXPECT_NEAR(value(found.different), -scale * expected.different, 1e-12);
}

TEST(Similarity, balanced_terms_are_one_under_even_probabilities) {
  for (const int64_t experts : {2, 5, 20}) {
    const Tensor probs = at::full({30, experts}, 1. / double(experts), at::kDouble);
    const Similarity found = similarity(probs, euclidean_distances(normal({30, 4}, 5)), kBalanced);
    EXPECT_NEAR(value(found.same), 1, 1e-12);
    EXPECT_NEAR(value(found.different), -1, 1e-12);
  }
}

TEST(Similarity, balanced_terms_are_about_one_for_hard_choices_at_random) {
  const int64_t rows = 600, experts = 5;
  const Tensor probs = at::eye(experts, at::kDouble).repeat({rows / experts, 1});
  const Similarity found = similarity(probs, euclidean_distances(normal({rows, 8}, 6)), kBalanced);
  EXPECT_NEAR(value(found.same), 1, .03);
  EXPECT_NEAR(value(found.different), -1, .03);
}

TEST(Similarity, terms_have_one_gradient_up_to_a_factor) {
  const int64_t experts = 4;
  const Tensor scores = normal({7, experts}, 7, true);
  const Tensor distance = euclidean_distances(normal({7, 3}, 8));
  for (const SimilarityForm form : {kBalanced, kPublished}) {
    const auto gradient = [&](Tensor Similarity::*term) {
      scores.mutable_grad() = Tensor();
      (similarity(scores.softmax(1), distance, form).*term).backward();
      return scores.grad().clone();
    };
    const Tensor same = gradient(&Similarity::same), different = gradient(&Similarity::different);
    const double factor = double(experts - 1) * (form == kPublished ? 49 : 1);
    EXPECT_TRUE(at::allclose(factor * different, same, 1e-9, 1e-12));
    EXPECT_GT(same.abs().max().item<double>(), 1e-3);
  }
}

TEST(Similarity, does_not_depend_on_the_order_of_experts_or_samples) {
  const Tensor probs = normal({6, 3}, 9).softmax(1), x = normal({6, 4}, 10);
  for (const SimilarityForm form : {kBalanced, kPublished}) {
    const Similarity found = similarity(probs, euclidean_distances(x), form);
    for (const Similarity& other :
         {similarity(probs.flip(1), euclidean_distances(x), form),
          similarity(probs.flip(0), euclidean_distances(x.flip(0)), form)}) {
      EXPECT_NEAR(value(other.same), value(found.same), 1e-12);
      EXPECT_NEAR(value(other.different), value(found.different), 1e-12);
    }
  }
}

TEST(Similarity, balanced_form_does_not_depend_on_the_unit_of_the_inputs) {
  const Tensor probs = normal({6, 3}, 11).softmax(1), x = normal({6, 4}, 12);
  EXPECT_NEAR(value(similarity(probs, euclidean_distances(x * 50), kBalanced).same),
              value(similarity(probs, euclidean_distances(x), kBalanced).same), 1e-12);
}

TEST(Similarity, takes_an_expert_without_probability) {
  const Tensor probs = table({1, 0, 0, 0, 1, 0, .5, .5, 0}, 3).set_requires_grad(true);
  const Tensor x = table({0, 1, 5}, 1);
  const Sums expected = sums(probs.detach(), pair_distances(x));
  const Similarity found = similarity(probs, euclidean_distances(x), kPublished);
  EXPECT_NEAR(value(found.same), expected.same, 1e-12);
  similarity(probs, euclidean_distances(x), kBalanced).same.backward();
  EXPECT_TRUE(probs.grad().isfinite().all().item<bool>());
}

TEST(Similarity, of_samples_that_are_all_the_same_is_zero) {
  const Similarity found =
      similarity(at::full({4, 2}, .5), euclidean_distances(at::ones({4, 3})), kBalanced);
  EXPECT_EQ(value(found.same), 0);
  EXPECT_EQ(value(found.different), 0);
}

TEST(Similarity, padding_changes_neither_value_nor_gradient) {
  const Tensor scores = normal({4, 3}, 13), x = normal({4, 5}, 14);
  const Tensor valid = mask({1, 0, 1, 1, 0, 1}), rows = at::tensor({0, 2, 3, 5}, at::kLong);
  const auto padded = [&](const Tensor& values) {
    return at::full({6, values.size(1)}, kNaN, at::kDouble).index_copy(0, rows, values);
  };
  const Tensor p = scores.softmax(1).set_requires_grad(true);
  const Tensor padded_p = padded(p.detach()).set_requires_grad(true);
  using Distances = Tensor (*)(const Tensor&, const Tensor&);
  for (const Distances& of : {&euclidean_distances, &cosine_distances})
    for (const auto& control : {Distances(), &constant_distances, &shuffled_distances})
      for (const SimilarityForm form : {kBalanced, kPublished}) {
        Tensor distance = of(x, {}), padded_distance = of(padded(x), valid);
        if (control) {
          distance = control(distance, {});
          padded_distance = control(padded_distance, valid);
        }
        const Similarity plain = similarity(p, distance, form);
        const Similarity found = similarity(padded_p, padded_distance, form, valid);
        EXPECT_NEAR(value(found.same), value(plain.same), 1e-12);
        EXPECT_NEAR(value(found.different), value(plain.different), 1e-12);
        for (const Tensor& leaf : {p, padded_p}) leaf.mutable_grad() = Tensor();
        (plain.same + plain.different).backward();
        (found.same + found.different).backward();
        EXPECT_TRUE(at::allclose(padded_p.grad().index_select(0, rows), p.grad(), 1e-9, 1e-12));
        EXPECT_EQ(padded_p.grad()[1].abs().sum().item<double>(), 0);
      }
}

TEST(Similarity, without_a_valid_pair_is_zero) {
  const Tensor x = normal({3, 2}, 15), probs = at::full({3, 2}, .5, at::kDouble);
  for (const Tensor& valid : {mask({0, 1, 0}), mask({0, 0, 0})})
    for (const SimilarityForm form : {kBalanced, kPublished}) {
      const Tensor distance = shuffled_distances(euclidean_distances(x, valid), valid);
      EXPECT_EQ(value(similarity(probs, distance, form, valid).same), 0);
      EXPECT_EQ(value(similarity(probs, distance, form, valid).different), 0);
    }
}

TEST(Similarity, gradient_matches_differences) {
  const Tensor scores = normal({5, 3}, 16, true);
  const Tensor distance = euclidean_distances(normal({5, 4}, 17));
  for (const SimilarityForm form : {kBalanced, kPublished})
    for (const Tensor& valid : {Tensor(), mask({1, 1, 0, 1, 1})})
      EXPECT_LT(gradient_error(
                    [&] {
                      const Similarity s = similarity(scores.softmax(1), distance, form, valid);
                      return s.same + .3 * s.different;
                    },
                    {scores}),
                1e-7);
}

TEST(Similarity, gradient_of_probabilities_that_do_not_sum_to_one_matches_differences) {
  const Tensor probs = normal({4, 3}, 18).abs().set_requires_grad(true);
  const Tensor distance = euclidean_distances(normal({4, 2}, 19));
  EXPECT_LT(
      gradient_error([&] { return similarity(probs, distance, kBalanced).different; }, {probs}),
      1e-7);
}

}  // namespace
}  // namespace moestro
