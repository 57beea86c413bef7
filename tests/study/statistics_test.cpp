#include "moestro/study/statistics.h"

#include <cmath>

#include <gtest/gtest.h>

namespace moestro {
namespace {

// Values of scipy 1.17 (stats.t, ttest_1samp, wilcoxon with method="exact").

TEST(Statistics, the_mean_comes_with_its_standard_error) {
  const Mean mean = mean_of({.012, -.003, .021, .004, .009});
  EXPECT_EQ(mean.count, 5);
  EXPECT_NEAR(mean.mean, .0086, 1e-15);
  EXPECT_NEAR(mean.error, .004007492981902776, 1e-15);
}

TEST(Statistics, one_value_has_no_error_and_none_no_mean) {
  EXPECT_TRUE(std::isnan(mean_of({3}).error));
  EXPECT_TRUE(std::isnan(mean_of({}).mean));
}

TEST(Statistics, student_t_agrees_with_scipy) {
  EXPECT_NEAR(student_cdf(2, 3), .9303370157205785, 1e-13);
  EXPECT_NEAR(student_cdf(-.5, 1), .35241638234956674, 1e-13);
  EXPECT_NEAR(student_cdf(-12, 4), .0001382142742514865, 1e-15);
  EXPECT_NEAR(student_cdf(3.5, 29), .9992377768426727, 1e-13);
  EXPECT_NEAR(student_cdf(0, 7), .5, 1e-15);
  EXPECT_NEAR(student_quantile(.975, 4), 2.7764451051977934, 1e-11);
  EXPECT_NEAR(student_quantile(.975, 9), 2.262157162798205, 1e-11);
  EXPECT_NEAR(student_quantile(.6, 1), .32491969623290634, 1e-12);
  EXPECT_NEAR(student_quantile(.999, 2.5), 13.82219311086596, 1e-9);
}

TEST(Statistics, a_paired_difference_has_an_interval_and_a_p) {
  const PairedDifference paired = paired_difference({.012, -.003, .021, .004, .009});
  EXPECT_NEAR(paired.low, -.0025265842737184716, 1e-12);
  EXPECT_NEAR(paired.high, .01972658427371847, 1e-12);
  EXPECT_NEAR(paired.p, .09842463759559045, 1e-12);
  EXPECT_TRUE(std::isnan(paired.wilcoxon_p));  // not below ten pairs
  EXPECT_TRUE(paired.within_noise());
  EXPECT_FALSE(paired_difference({.012, .013, .011, .012, .0125}).within_noise());
}

TEST(Statistics, equal_differences_have_a_p_of_zero_or_one) {
  EXPECT_EQ(paired_difference({.5, .5, .5}).p, 0);
  EXPECT_EQ(paired_difference({0, 0, 0}).p, 1);
  EXPECT_TRUE(paired_difference({0, 0, 0}).within_noise());
}

TEST(Statistics, one_pair_says_nothing) {
  const PairedDifference paired = paired_difference({.5});
  EXPECT_TRUE(std::isnan(paired.low) && std::isnan(paired.high) && std::isnan(paired.p));
  EXPECT_TRUE(paired.within_noise());
}

TEST(Statistics, signed_ranks_agree_with_scipy) {
  EXPECT_NEAR(signed_rank_p({1, 2, 3, 4, 5, 6, 7, 8, 9, -10}), .083984375, 1e-12);
  EXPECT_NEAR(signed_rank_p({1.5, -.25, 2, .75, -1, 3, .5, 1.25, .1, -.6}), .130859375, 1e-12);
  // Shared ranks: counted over all 2^10 signs.
  EXPECT_NEAR(signed_rank_p({1, 1, -1, 2, 2, 3, 3, 3, -4, 5}), .10546875, 1e-12);
  EXPECT_NEAR(signed_rank_p({1, 2, 3, 4, 5}), .0625, 1e-12);
  // 14 of 10,000 both times, but for the last bit.
  ASSERT_NE(.0312 - .0298, .0240 - .0226);
  EXPECT_EQ(signed_rank_p({.0312 - .0298, -(.0240 - .0226)}), 1);
  EXPECT_EQ(signed_rank_p({0, 0}), 1);
  EXPECT_EQ(signed_rank_p({1, -1}), 1);
}

TEST(Statistics, signed_ranks_of_many_pairs_are_nearly_normal) {
  std::vector<double> values;
  for (int i = 1; i <= 100; ++i) values.push_back(i % 3 == 0 ? -i : i);
  const double exact = signed_rank_p(values);
  values.push_back(.5);  // one more of the least rank: 101 pairs
  EXPECT_NEAR(signed_rank_p(values), exact, .2 * exact);
}

TEST(Statistics, holm_multiplies_the_least_p_by_the_number_of_tests_and_never_falls) {
  const std::vector<double> adjusted = holm({.01, .04, .03, .5});
  EXPECT_NEAR(adjusted[0], .04, 1e-15);
  EXPECT_NEAR(adjusted[2], .09, 1e-15);
  EXPECT_NEAR(adjusted[1], .09, 1e-15);  // 2 * .04 would be less than the one before
  EXPECT_NEAR(adjusted[3], .5, 1e-15);
}

TEST(Statistics, holm_leaves_out_what_is_unknown_and_stops_at_one) {
  const std::vector<double> adjusted = holm({.9, std::nan(""), .6});
  EXPECT_EQ(adjusted[0], 1);
  EXPECT_TRUE(std::isnan(adjusted[1]));
  EXPECT_EQ(adjusted[2], 1);
}

}  // namespace
}  // namespace moestro
