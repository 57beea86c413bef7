#include "pair_units.h"

#include <ATen/ATen.h>

#include "moestro/core/assignment.h"
#include "moestro/core/random.h"

namespace moestro {
namespace {

constexpr int kRounds = 8;
constexpr int64_t kRowsAtOnce = 1024;

Tensor assigned(const Tensor& scores_UU) {
  return at::tensor(best_assignment(scores_UU), at::kLong);
}

// The best unit that is left for each place, places with the largest entries first.
Tensor greedy(const Tensor& a_UM, const Tensor& b_UM, int64_t block) {
  const int64_t units = a_UM.size(0);
  const Tensor order_U = a_UM.square().sum(1).argsort(0, /*descending=*/true);
  const Tensor unit_U = at::empty({units}, at::kLong), taken_U = at::zeros({units});
  for (int64_t first = 0; first < units; first += block) {
    const Tensor places = order_U.narrow(0, first, std::min(block, units - first));
    const Tensor scores = a_UM.index_select(0, places).matmul(b_UM.t());
    for (int64_t i = 0; i < places.size(0); ++i) {
      const Tensor best = (scores[i] - taken_U).argmax();
      unit_U[places[i].item<int64_t>()].copy_(best);
      taken_U[best.item<int64_t>()].fill_(INFINITY);
    }
  }
  return unit_U;
}

// Places drawn into blocks; within each, units change places for the best.
void improve(const Tensor& a_UM, const Tensor& b_UM, int64_t block, int round, Tensor& unit_U) {
  const int64_t units = a_UM.size(0);
  const Tensor places_U =
      permutation({0, Stream::order, "pair units", static_cast<uint64_t>(round)}, units);
  for (int64_t first = 0; first < units; first += block) {
    const Tensor places = places_U.narrow(0, first, std::min(block, units - first));
    const Tensor theirs = unit_U.index_select(0, places);
    const Tensor scores = a_UM.index_select(0, places).matmul(b_UM.index_select(0, theirs).t());
    unit_U.index_copy_(0, places, theirs.index_select(0, assigned(scores)));
  }
}

}  // namespace

Tensor pair_units(const Tensor& a_UM, const Tensor& b_UM, int64_t exact) {
  if (a_UM.size(0) <= exact) return assigned(a_UM.to(at::kDouble).matmul(b_UM.to(at::kDouble).t()));
  Tensor unit_U = greedy(a_UM, b_UM, exact);
  for (int round = 0; round < kRounds; ++round) improve(a_UM, b_UM, exact, round, unit_U);
  return unit_U;
}

double pairing_bound(const Tensor& a_UM, const Tensor& b_UM) {
  double bound = 0;
  for (const Tensor& part_UM : a_UM.split(kRowsAtOnce))
    bound += part_UM.matmul(b_UM.t()).amax(1).sum(at::kDouble).item<double>();
  return bound;
}

}  // namespace moestro
