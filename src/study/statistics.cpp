#include "moestro/study/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace moestro {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kLeastPairsForRanks = 10, kMostExactRanks = 100;

// The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), by Lentz's
// method; converges fast for x < (a + 1) / (a + b + 2).
double beta_fraction(double a, double b, double x) {
  constexpr double tiny = 1e-300;
  const auto kept = [](double v) { return std::abs(v) < tiny ? tiny : v; };
  double c = 1, d = 1 / kept(1 - (a + b) * x / (a + 1)), product = d;
  for (int m = 1; m <= 500; ++m) {
    for (const bool even : {true, false}) {
      const double step = even ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
                               : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
      d = 1 / kept(1 + step * d);
      c = kept(1 + step / c);
      product *= c * d;
    }
    if (std::abs(c * d - 1) < 1e-15) break;
  }
  return product;
}

double incomplete_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

// Errors are multiples of 1 / rows: what differs by rounding only is a tie.
double tie_width(const std::vector<double>& values) {
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  return 1e-9 * largest;
}

// Ranks of magnitudes, doubled so that shared ones are whole.
std::vector<int64_t> doubled_ranks(const std::vector<double>& values) {
  const double width = tie_width(values);
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, [&](size_t i) { return std::abs(values[i]); });
  std::vector<int64_t> ranks(values.size());
  for (size_t first = 0; first < order.size();) {
    size_t last = first;
    while (last < order.size() &&
           std::abs(values[order[last]]) - std::abs(values[order[first]]) <= width)
      ++last;
    for (size_t i = first; i < last; ++i) ranks[order[i]] = static_cast<int64_t>(first + last + 1);
    first = last;
  }
  return ranks;
}

// Doubled ranks; their sums are nearly normal for many pairs.
double normal_signed_rank_p(const std::vector<int64_t>& ranks, int64_t sum, int64_t positive) {
  double variance = 0;
  for (const int64_t rank : ranks) variance += .25 * static_cast<double>(rank * rank);
  const double away = std::abs(static_cast<double>(positive) - .5 * static_cast<double>(sum));
  return std::erfc(away / std::sqrt(2 * variance));
}

}  // namespace

Mean mean_of(const std::vector<double>& values) {
  Mean result{static_cast<int64_t>(values.size()), kNone, kNone};
  const auto n = static_cast<double>(values.size());
  if (values.empty()) return result;
  result.mean = std::accumulate(values.begin(), values.end(), 0.) / n;
  if (values.size() < 2) return result;
  double squares = 0;
  for (const double value : values) squares += (value - result.mean) * (value - result.mean);
  result.error = std::sqrt(squares / (n - 1) / n);
  return result;
}

PairedDifference paired_difference(const std::vector<double>& differences) {
  PairedDifference result{mean_of(differences), kNone, kNone, kNone, kNone};
  if (differences.size() < 2) return result;
  const auto degrees = static_cast<double>(differences.size() - 1);
  const auto [count, mean, error] = result.difference;
  const double half = student_quantile(.975, degrees) * error;
  result.low = mean - half;
  result.high = mean + half;
  if (error > 0)
    result.p = 2 * student_cdf(-std::abs(mean) / error, degrees);
  else
    result.p = mean == 0 ? 1 : 0;
  if (differences.size() >= kLeastPairsForRanks) result.wilcoxon_p = signed_rank_p(differences);
  return result;
}

double student_cdf(double t, double degrees) {
  const double tail = .5 * incomplete_beta(degrees / 2, .5, degrees / (degrees + t * t));
  return t > 0 ? 1 - tail : tail;
}

double student_quantile(double p, double degrees) {
  double low = -1, high = 1;
  while (student_cdf(low, degrees) > p) low *= 2;
  while (student_cdf(high, degrees) < p) high *= 2;
  for (int i = 0; i < 200 && low < high; ++i) {
    const double middle = .5 * (low + high);
    (student_cdf(middle, degrees) < p ? low : high) = middle;
  }
  return .5 * (low + high);
}

double signed_rank_p(const std::vector<double>& differences) {
  std::vector<double> values = differences;
  const double width = tie_width(values);
  std::erase_if(values, [&](double value) { return std::abs(value) <= width; });
  if (values.empty()) return 1;
  const std::vector<int64_t> ranks = doubled_ranks(values);
  const int64_t sum = std::accumulate(ranks.begin(), ranks.end(), int64_t{0});
  int64_t positive = 0;
  for (size_t i = 0; i < values.size(); ++i)
    if (values[i] > 0) positive += ranks[i];
  if (values.size() > kMostExactRanks) return normal_signed_rank_p(ranks, sum, positive);
  // share[s]: of all signs, those whose positive ranks sum to s.
  std::vector<double> share(sum + 1, 0.);
  share[0] = 1;
  for (const int64_t rank : ranks)
    for (int64_t s = sum; s >= 0; --s)
      share[s] = .5 * (share[s] + (s >= rank ? share[s - rank] : 0.));
  const int64_t least = std::min(positive, sum - positive);
  return std::min(1., 2 * std::accumulate(share.begin(), share.begin() + least + 1, 0.));
}

std::vector<double> holm(const std::vector<double>& p) {
  std::vector<size_t> order;
  for (size_t i = 0; i < p.size(); ++i)
    if (!std::isnan(p[i])) order.push_back(i);
  std::ranges::stable_sort(order, {}, [&](size_t i) { return p[i]; });
  std::vector<double> adjusted(p.size(), kNone);
  double least = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    least = std::max(least, std::min(1., p[order[i]] * static_cast<double>(order.size() - i)));
    adjusted[order[i]] = least;
  }
  return adjusted;
}

}  // namespace moestro
