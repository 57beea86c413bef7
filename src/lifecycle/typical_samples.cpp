#include "moestro/lifecycle/typical_samples.h"

#include <ATen/Functions.h>
#include <nlohmann/json.hpp>

namespace moestro {
namespace {

using Sample = TypicalSamples::Sample;

constexpr int64_t kSamplesInList = 12;

nlohmann::ordered_json list_of(const std::vector<Sample>& samples, bool classes) {
  const auto answer = [classes](double value) {  // a class is a whole number
    return classes ? nlohmann::ordered_json(static_cast<int64_t>(value))
                   : nlohmann::ordered_json(value);
  };
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Sample& sample : samples)
    list.push_back({{"row", sample.row},
                    {"label", answer(sample.target)},
                    {"predicted", answer(sample.predicted)},
                    {"probability", sample.probability}});
  return list;
}

}  // namespace

std::vector<Sample> TypicalSamples::all() const {
  std::vector<Sample> all;
  for (const auto* list : {&drawn, &most_typical, &least_typical})
    all.insert(all.end(), list->begin(), list->end());
  return all;
}

nlohmann::ordered_json TypicalSamples::to_json(bool classes) const {
  if (!drawn.empty()) return {{"drawn", list_of(drawn, classes)}};
  return {{"most_typical", list_of(most_typical, classes)},
          {"least_typical", list_of(least_typical, classes)}};
}

TypicalSamples typical_samples(const Evaluation& evaluation, const Dataset& data,
                               const Tensor& owner_N, int64_t expert) {
  const auto sample = [&](const Tensor& row) {
    const auto n = row.item<int64_t>();
    return Sample{n, data.targets_N[n].item<double>(), evaluation.predicted_N[n].item<double>(),
                  evaluation.probs_NE[n][expert].item<double>()};
  };
  const Tensor rows_M = owner_N.eq(expert).nonzero().squeeze(1);
  const int64_t owned = rows_M.size(0);
  TypicalSamples samples;
  if (evaluation.probs_NE.size(1) == 1) {
    const int64_t count = std::min(owned, kSamplesInList);
    for (int64_t i = 0; i < count; ++i) samples.drawn.push_back(sample(rows_M[i * owned / count]));
    return samples;
  }
  const Tensor probability_M = evaluation.probs_NE.select(1, expert).index_select(0, rows_M);
  const Tensor falling_M = rows_M.index_select(
      0, at::argsort(probability_M, /*stable=*/true, /*dim=*/0, /*descending=*/true));
  const int64_t most = std::min((owned + 1) / 2, kSamplesInList);
  for (int64_t i = 0; i < most; ++i) samples.most_typical.push_back(sample(falling_M[i]));
  const Tensor rest_M = std::get<0>(falling_M.narrow(0, most, owned - most).sort());
  const Tensor rising_M = rest_M.index_select(
      0, at::argsort(evaluation.probs_NE.select(1, expert).index_select(0, rest_M), /*stable=*/true,
                     /*dim=*/0, /*descending=*/false));
  const int64_t least = std::min(owned / 2, kSamplesInList);
  for (int64_t i = 0; i < least; ++i) samples.least_typical.push_back(sample(rising_M[i]));
  return samples;
}

}  // namespace moestro
