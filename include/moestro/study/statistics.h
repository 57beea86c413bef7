// What a study says about numbers measured once a seed.
#pragma once

#include <cstdint>
#include <vector>

namespace moestro {

struct Mean {
  int64_t count = 0;
  double mean = 0;
  double error = 0;  // standard error of the mean; NaN for fewer than two values
};
Mean mean_of(const std::vector<double>& values);

// Differences of two arms, seed by seed.
struct PairedDifference {
  Mean difference;
  double low = 0, high = 0;  // 95 % interval of the mean, Student's t; NaN for fewer than two pairs
  double p = 1;              // two-sided, paired t; NaN for fewer than two pairs
  double wilcoxon_p = 1;     // two-sided, signed ranks; NaN for fewer than 10 pairs: with 5
                             // its least value is .06

  bool within_noise() const { return !(low > 0 || high < 0); }
};
PairedDifference paired_difference(const std::vector<double>& differences);

// P(T <= t) of Student's t, and the t at which it is `p`. degrees > 0, 0 < p < 1.
double student_cdf(double t, double degrees);
double student_quantile(double p, double degrees);

// The two-sided p of Wilcoxon's signed-rank test: exact up to 100 pairs, then by the normal
// approximation. Zeros are left out; magnitudes that are equal but for rounding share the mean of
// their ranks. 1 where nothing is left.
double signed_rank_p(const std::vector<double>& differences);

// Adjusted p values, in the order given (Holm 1979): the least times m, the next times m - 1, ...,
// never falling, at most 1. NaN stay NaN and do not count.
std::vector<double> holm(const std::vector<double>& p);

}  // namespace moestro
