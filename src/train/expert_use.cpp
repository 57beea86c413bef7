#include "moestro/train/expert_use.h"

#include <algorithm>
#include <numeric>

#include <ATen/ATen.h>

#include "moestro/core/error.h"

namespace moestro {
namespace {

// In order of use, the first n of those that were chosen at all.
std::vector<int64_t> most_used(const std::vector<int64_t>& count_E, int64_t n) {
  std::vector<int64_t> rank(count_E.size());
  std::iota(rank.begin(), rank.end(), 0);
  std::stable_sort(rank.begin(), rank.end(),
                   [&](int64_t a, int64_t b) { return count_E[a] > count_E[b]; });
  std::erase_if(rank, [&](int64_t expert) { return count_E[expert] == 0; });
  if (std::ssize(rank) > n) rank.resize(n);
  return rank;
}

}  // namespace

Tensor choices(const Routing& routing, int64_t experts) {
  const Tensor chosen = routing.experts_BK.flatten();
  return at::zeros({experts}, chosen.options())
      .scatter_add_(0, chosen, at::ones({1}, chosen.options()).expand_as(chosen));
}

ExpertUse::ExpertUse(const AdaptedEncoder& model) {
  for (const AdapterLayer& layer : model.layers())
    counts_LE_.push_back(at::zeros({layer.bank().experts()},
                                   at::TensorOptions(model.encoder().device()).dtype(at::kLong)));
}

void ExpertUse::add(const std::vector<MixtureTrace>& traces) {
  MOESTRO_CHECK(traces.size() == counts_LE_.size(), "{} traces of {} layers", traces.size(),
                counts_LE_.size());
  for (size_t l = 0; l < traces.size(); ++l)
    counts_LE_[l].add_(choices(traces[l].routing, counts_LE_[l].size(0)));
}

LayerCounts ExpertUse::read() const {
  LayerCounts all;
  for (const Tensor& counts_E : counts_LE_) {
    const Tensor here_E = counts_E.cpu();
    const int64_t* first = here_E.const_data_ptr<int64_t>();
    all.emplace_back(first, first + here_E.size(0));
  }
  return all;
}

std::vector<std::vector<int64_t>> freeze_most_used(AdaptedEncoder& model, const LayerCounts& counts,
                                                   int64_t n) {
  std::vector<AdapterLayer>& layers = model.layers();
  MOESTRO_CHECK(counts.size() == layers.size(), "counts of {} layers", counts.size());
  std::vector<std::vector<int64_t>> added(layers.size());
  for (size_t l = 0; l < layers.size(); ++l) {
    if (layers[l].is_common()) continue;
    MOESTRO_CHECK(std::ssize(counts[l]) == layers[l].bank().experts(), "{} counts",
                  counts[l].size());
    for (const int64_t expert : most_used(counts[l], n)) {
      if (layers[l].bank().frozen()[expert]) continue;
      layers[l].freeze(expert);
      added[l].push_back(expert);
    }
  }
  return added;
}

std::vector<int64_t> grow_if_needed(AdaptedEncoder& model, int64_t k, int64_t more) {
  std::vector<int64_t> added;
  for (AdapterLayer& layer : model.layers()) {
    const int64_t missing = layer.missing(k);
    const int64_t times = more > 0 ? (missing + more - 1) / more : 0;
    if (times > 0) layer.grow(times * more);
    added.push_back(times * more);
  }
  return added;
}

}  // namespace moestro
