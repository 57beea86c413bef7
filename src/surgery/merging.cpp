#include "moestro/surgery/merging.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "moestro/core/error.h"
#include "moestro/surgery/alignment.h"
#include "moestro/surgery/unit_choice.h"
#include "some_experts.h"
#include "unit_rows.h"

namespace moestro {
namespace {

// The most used first.
std::vector<int64_t> ranked(const std::vector<double>& count_E) {
  std::vector<int64_t> rank = every_expert(std::ssize(count_E));
  std::stable_sort(rank.begin(), rank.end(),
                   [&](int64_t a, int64_t b) { return count_E[a] > count_E[b]; });
  return rank;
}

// Two places of the rank, the lower one first.
std::pair<int64_t, int64_t> drawn_places(const RandomKey& key, int64_t places) {
  const Tensor order = permutation(key, places);
  return std::minmax({order[0].item<int64_t>(), order[1].item<int64_t>()});
}

void set_weights(MergePlan& plan, const std::vector<double>& count_E, const MergeOptions& options) {
  if (options.kind == MergeKind::fresh) return;
  const double both = count_E[plan.i] + count_E[plan.j];
  if (options.kind == MergeKind::copy)
    plan.weight_j = 0;
  else if (options.weights == MergeWeights::count && both > 0)
    plan.weight_j = count_E[plan.j] / both;
  else
    plan.weight_j = .5;
  plan.weight_i = 1 - plan.weight_j;
}

// Where both have the same value it is kept to the bit, whatever the weights.
Tensor average_of(const ExpertTensors& pair, const std::string& name, double weight_1) {
  const at::ScalarType type = pair.at(name, 0).scalar_type();
  if (!at::isFloatingType(type))
    throw UserError("\"{}\" holds {}; expected floating point to average experts", name,
                    at::toString(type));
  const Tensor a = finite_values(pair, name, 0, at::kDouble),
               b = finite_values(pair, name, 1, at::kDouble);
  return at::lerp(a, b, weight_1).to(type);
}

}  // namespace

std::optional<MergePlan> plan_merge(const std::vector<double>& count_E,
                                    const std::vector<bool>& overwritable_E,
                                    const MergeOptions& options) {
  MOESTRO_CHECK(count_E.size() == overwritable_E.size());
  for (const double count : count_E) MOESTRO_CHECK(std::isfinite(count) && count >= 0, "{}", count);
  std::vector<int64_t> rank = ranked(count_E);
  if (rank.size() < 3 || count_E[rank[1]] == 0) return std::nullopt;
  const auto least = std::find_if(rank.rbegin(), rank.rend() - 2,
                                  [&](int64_t expert) { return overwritable_E[expert]; });
  if (least == rank.rend() - 2) return std::nullopt;
  MergePlan plan{rank[0], rank[1], *least};
  if (options.kind == MergeKind::random) {
    std::erase(rank, plan.k);
    const auto [first, second] = drawn_places(options.draw, std::ssize(rank));
    plan.i = rank[first];
    plan.j = rank[second];
  }
  set_weights(plan, count_E, options);
  return plan;
}

void check_mergeable(const std::vector<bool>& overwritable_E) {
  if (overwritable_E.size() < 3)
    throw UserError("{} experts; expected at least 3 to merge two over another",
                    overwritable_E.size());
  if (std::find(overwritable_E.begin(), overwritable_E.end(), true) == overwritable_E.end())
    throw UserError("none of {} experts may be overwritten; expected at least 1 to merge over",
                    overwritable_E.size());
}

ExpertTensors merged(const ExpertTensors& experts, const MergePlan& plan,
                     const std::vector<HiddenLayer>& layers) {
  MOESTRO_CHECK(std::abs(plan.weight_i + plan.weight_j - 1) < 1e-9, "weights {} and {}",
                plan.weight_i, plan.weight_j);
  const bool both = plan.weight_j != 0;
  ExpertTensors pair = some_experts(experts, {plan.i, plan.j});
  if (both && !layers.empty()) pair = aligned(pair, layers, align(pair, layers));
  std::vector<ExpertTensors::Entry> entries;
  for (const std::string& name : experts.names())
    entries.push_back({name, experts.shape(name), [=](int64_t) {
                         if (both) return average_of(pair, name, plan.weight_j);
                         return pair.at(name, 0).detach().cpu().clone();
                       }});
  return ExpertTensors(1, std::move(entries));
}

void overwrite(const ExpertTensors& live, int64_t k, const ExpertTensors& by) {
  MOESTRO_CHECK(by.experts() == 1 && by.names().size() == live.names().size());
  std::vector<Tensor> values;
  for (const std::string& name : live.names()) {
    MOESTRO_CHECK(by.shape(name) == live.shape(name), "{}", name);
    values.push_back(by.at(name, 0));
  }
  const c10::NoGradGuard no_gradients;
  for (size_t t = 0; t < values.size(); ++t) live.at(live.names()[t], k).copy_(values[t]);
}

double expert_cosine(const ExpertTensors& experts, int64_t i, int64_t j) {
  double ij = 0, ii = 0, jj = 0;
  for (const std::string& name : experts.names()) {
    const Tensor a = finite_values(experts, name, i, at::kDouble),
                 b = finite_values(experts, name, j, at::kDouble);
    ij += (a * b).sum().item<double>();
    ii += a.square().sum().item<double>();
    jj += b.square().sum().item<double>();
  }
  return ij / (std::sqrt(ii) * std::sqrt(jj));
}

}  // namespace moestro
