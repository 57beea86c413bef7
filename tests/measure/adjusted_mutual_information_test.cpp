#include "moestro/measure/adjusted_mutual_information.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/core/error.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::thrown;

// Part of sample n, for n = 0 .. samples - 1.
template <class Rule>
Tensor split(int64_t samples, Rule rule) {
  std::vector<int64_t> parts;
  for (int64_t n = 0; n < samples; ++n) parts.push_back(rule(n));
  return at::tensor(parts, at::kLong);
}

Tensor parts_of(std::vector<int64_t> parts) {
  return at::tensor(parts, at::kLong);
}

int64_t scattered(int64_t n) {
  return n * 7919 % 1009 % 5;
}

// Expected values: sklearn.metrics.adjusted_mutual_info_score(a, b) of scikit-learn 1.9.1, whose
// default normaliser is the arithmetic mean, on the same splits.
TEST(AdjustedMutualInformation, agrees_with_scikit_learn) {
  EXPECT_NEAR(adjusted_mutual_information(parts_of({0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2}),
                                          parts_of({0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 0, 2})),
              0.278968861620883, 1e-12);
  EXPECT_NEAR(adjusted_mutual_information(split(40, [](int64_t n) { return n % 3; }),
                                          split(40, [](int64_t n) { return (n * n + n / 4) % 4; })),
              -0.05890014506469719, 1e-12);
  EXPECT_NEAR(adjusted_mutual_information(
                  split(1000, scattered),
                  split(1000, [](int64_t n) { return n % 10 < 8 ? scattered(n) : n % 5; })),
              0.6673631683129642, 1e-12);
  EXPECT_NEAR(adjusted_mutual_information(split(1000, [](int64_t n) { return n % 2; }),
                                          split(1000, [](int64_t n) { return n % 6; })),
              0.556992249733445, 1e-12);
}

TEST(AdjustedMutualInformation, is_one_for_the_same_split_by_other_names) {
  const Tensor split = parts_of({0, 0, 1, 2, 2, 2});
  EXPECT_EQ(adjusted_mutual_information(split, split), 1);
  EXPECT_EQ(adjusted_mutual_information(split, parts_of({7, 7, 3, -1, -1, -1})), 1);
  EXPECT_EQ(adjusted_mutual_information(parts_of({4, 4}), parts_of({0, 0})), 1);
}

TEST(AdjustedMutualInformation, of_independent_splits_is_about_zero_unlike_the_plain_one) {
  const Tensor a = testing::normal({2000, 5}, 1).argmax(1),
               b = testing::normal({2000, 8}, 2).argmax(1);
  EXPECT_NEAR(adjusted_mutual_information(a, b), 0, .006);
  // Few samples a part: the plain information is well above 0, the mean of the adjusted ones not.
  double mean = 0;
  for (uint64_t seed = 0; seed < 40; ++seed)
    mean += adjusted_mutual_information(testing::normal({40, 5}, 10 + seed).argmax(1),
                                        testing::normal({40, 8}, 90 + seed).argmax(1)) /
            40;
  EXPECT_NEAR(mean, 0, .03);
}

TEST(AdjustedMutualInformation, of_a_single_part_beside_several_is_zero) {
  EXPECT_NEAR(adjusted_mutual_information(parts_of({0, 0, 0, 1, 1}), parts_of({0, 0, 0, 0, 0})), 0,
              1e-15);
}

// Two halves across two halves, four samples: the overlap is 0, 1 or 2 with probabilities 1/6, 4/6,
// 1/6, so that the expected information is log 2 / 3; the information of (1, 1, 1, 1) is 0.
TEST(AdjustedMutualInformation, follows_its_formula) {
  EXPECT_NEAR(adjusted_mutual_information(parts_of({0, 0, 1, 1}), parts_of({0, 1, 0, 1})),
              -(1. / 3) / (1 - 1. / 3), 1e-14);
}

TEST(AdjustedMutualInformation, does_not_depend_on_the_order_of_splits_and_samples) {
  const Tensor a = testing::normal({90, 4}, 3).argmax(1), b = testing::normal({90, 3}, 4).argmax(1);
  EXPECT_NEAR(adjusted_mutual_information(a, b), adjusted_mutual_information(b, a), 1e-14);
  EXPECT_NEAR(adjusted_mutual_information(a.flip(0), b.flip(0)), adjusted_mutual_information(a, b),
              1e-14);
}

TEST(AdjustedMutualInformation, refuses_no_samples_and_others) {
  EXPECT_EQ(thrown<UserError>([] { adjusted_mutual_information(parts_of({}), parts_of({})); }),
            "adjusted mutual information: no samples; expected at least one");
  EXPECT_EQ(thrown<UserError>([] {
              adjusted_mutual_information(parts_of({1}), parts_of({1, 2}));
            }),
            "adjusted mutual information: splits of 1 and of 2 samples; expected the same samples");
}

}  // namespace
}  // namespace moestro
