#include "moestro/measure/adjusted_mutual_information.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/ATen.h>

#include "moestro/core/error.h"

namespace moestro {
namespace {

// How many samples lie in each part of the one and of the other split, and in both.
struct Overlap {
  Tensor counts_AB;               // double
  std::vector<int64_t> a_A, b_B;  // sizes of the parts, none of them 0
  int64_t samples;
};

std::vector<int64_t> whole_numbers(const Tensor& counts) {
  const Tensor plain = counts.to(at::kLong).contiguous();
  return {plain.data_ptr<int64_t>(), plain.data_ptr<int64_t>() + plain.numel()};
}

Overlap overlap(const Tensor& a_N, const Tensor& b_N) {
  const auto part = [](const Tensor& split_N) {
    return std::get<1>(at::_unique(split_N.cpu(), /*sorted=*/true, /*return_inverse=*/true));
  };
  const Tensor a = part(a_N), b = part(b_N);
  const int64_t parts_a = a.max().item<int64_t>() + 1, parts_b = b.max().item<int64_t>() + 1;
  const Tensor counts = (a * parts_b + b).bincount({}, parts_a * parts_b).view({parts_a, parts_b});
  return {counts.to(at::kDouble), whole_numbers(counts.sum(1)), whole_numbers(counts.sum(0)),
          a.size(0)};
}

bool same_up_to_names(const Tensor& counts_AB) {
  const Tensor shared_AB = counts_AB > 0;
  return shared_AB.sum(0).eq(1).all().item<bool>() && shared_AB.sum(1).eq(1).all().item<bool>();
}

// In nats, as the expectation below.
double entropy(const Tensor& counts, int64_t samples) {
  return at::special_entr(counts.flatten() / static_cast<double>(samples)).sum().item<double>();
}

class ExpectedInformation {
 public:
  explicit ExpectedInformation(int64_t samples) : samples_(samples), log_factorial_(1, 0.) {
    for (int64_t n = 1; n <= samples; ++n)
      log_factorial_.push_back(std::lgamma(static_cast<double>(n) + 1));
  }

  double operator()(const std::vector<int64_t>& a_A, const std::vector<int64_t>& b_B) const {
    double sum = 0;
    for (const int64_t a : a_A)
      for (const int64_t b : b_B) sum += of_pair(a, b);
    return sum;
  }

 private:
  double lf(int64_t n) const { return log_factorial_[static_cast<size_t>(n)]; }

  // Parts of a and of b samples share n of them with the probability
  // a! b! (N-a)! (N-b)! / (N! n! (a-n)! (b-n)! (N-a-b+n)!).
  double of_pair(int64_t a, int64_t b) const {
    const int64_t total = samples_;
    const double fixed = lf(a) + lf(b) + lf(total - a) + lf(total - b) - lf(total);
    const double expected = static_cast<double>(a) * static_cast<double>(b);
    double sum = 0;
    for (int64_t n = std::max<int64_t>(1, a + b - total); n <= std::min(a, b); ++n) {
      const double share = static_cast<double>(n) / static_cast<double>(total);
      const double log_odds =
          std::log(static_cast<double>(total) * static_cast<double>(n) / expected);
      sum += share * log_odds *
             std::exp(fixed - lf(n) - lf(a - n) - lf(b - n) - lf(total - a - b + n));
    }
    return sum;
  }

  int64_t samples_;
  std::vector<double> log_factorial_;
};

}  // namespace

double adjusted_mutual_information(const Tensor& a_N, const Tensor& b_N) {
  MOESTRO_CHECK(a_N.dim() == 1 && b_N.dim() == 1);
  if (a_N.size(0) != b_N.size(0))
    throw UserError(
        "adjusted mutual information: splits of {} and of {} samples; expected the "
        "same samples",
        a_N.size(0), b_N.size(0));
  if (a_N.size(0) == 0)
    throw UserError("adjusted mutual information: no samples; expected at least one");
  const Overlap shared = overlap(a_N, b_N);
  if (same_up_to_names(shared.counts_AB)) return 1;
  const double h_a = entropy(shared.counts_AB.sum(1), shared.samples),
               h_b = entropy(shared.counts_AB.sum(0), shared.samples),
               information = h_a + h_b - entropy(shared.counts_AB, shared.samples),
               by_chance = ExpectedInformation(shared.samples)(shared.a_A, shared.b_B);
  return (information - by_chance) / ((h_a + h_b) / 2 - by_chance);
}

}  // namespace moestro
