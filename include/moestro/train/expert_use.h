// How often the experts of adapters are chosen over a task, and what follows after it and before
// the next: those used most are frozen, and new ones appended where none is left to learn with.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "moestro/train/adapted_encoder.h"

namespace moestro {

// One count an expert, of one layer after the other.
using LayerCounts = std::vector<std::vector<int64_t>>;

// int64 [E], on the routing's device: for how many of its decisions each expert was chosen.
Tensor choices(const Routing& routing, int64_t experts);

// Counts on the encoder's device; only read() waits for it.
class ExpertUse {
 public:
  // Nothing yet, of the experts that there are now.
  explicit ExpertUse(const AdaptedEncoder& model);

  // What forward() gave of a batch: a trace a layer.
  void add(const std::vector<MixtureTrace>& traces);

  LayerCounts read() const;
  std::vector<Tensor>& counts_LE() { return counts_LE_; }  // int64, live storage
  const std::vector<Tensor>& counts_LE() const { return counts_LE_; }

 private:
  std::vector<Tensor> counts_LE_;
};

// Freezes the n experts of each layer that `counts` says were used most, the lower index first
// among equals; one that was never chosen is not among them, one that is frozen already is
// (activate-freeze, arXiv 2403.11549; known). -> those that were not frozen before, by layer, in
// order of use. A layer that all tasks share stays as it is, here and below.
std::vector<std::vector<int64_t>> freeze_most_used(AdaptedEncoder& model, const LayerCounts& counts,
                                                   int64_t n);

// Before a task and its gates are added, and before an optimiser is made: where fewer than k
// experts are not frozen, or none is there to be the task's own, `more` are appended, again and
// again until there are enough (chosen). None with more = 0. -> how many, by layer.
std::vector<int64_t> grow_if_needed(AdaptedEncoder& model, int64_t k, int64_t more);

}  // namespace moestro
