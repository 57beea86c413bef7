// Merging experts that learned the same: the two most used ones are averaged over the least used
// one, while learning goes on (arXiv 2405.11530; which experts are taken is known, all else here is
// chosen).
//
// A plan from counts alone, then its application to experts as tensors, live or mapped.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "moestro/core/expert_tensors.h"
#include "moestro/core/random.h"
#include "moestro/surgery/hidden_layers.h"

namespace moestro {

enum class MergeKind {
  average,  // of the two most used
  random,   // control: of two drawn ones
  copy,     // control: the most used one alone
  fresh,    // control: new values, which the caller has
};

enum class MergeWeights {
  equal,
  count,  // c_i / (c_i + c_j), c_j / (c_i + c_j)
};

struct MergeOptions {
  MergeKind kind = MergeKind::average;
  MergeWeights weights = MergeWeights::equal;
  RandomKey draw = {};  // for random; another one for each merge of each layer
};

// theta_k <- weight_i theta_i + weight_j theta_j for each tensor of an expert; i and j stay as they
// are.
struct MergePlan {
  int64_t i = 0, j = 0, k = 0;
  double weight_i = 0, weight_j = 0;  // sum to 1; copy: 1, 0; fresh: 0, 0
};

// Experts in order of their counts, the lower index first among equals: i and j are the first two,
// k is the last of the others that may be overwritten (so the highest index among equals). Random
// draws i and j from all but that same k, whatever their counts, and weights two of count 0
// equally; of three experts it has the same two. None where there is no such k, or fewer than two
// experts were chosen at all: of every kind alike, so that arms merge at the same times as long as
// their counts agree. count_E: how often chosen since the last merge, or a moving average of it;
// finite, at least 0.
std::optional<MergePlan> plan_merge(const std::vector<double>& count_E,
                                    const std::vector<bool>& overwritable_E,
                                    const MergeOptions& options = {});

// Throws UserError where no counts can give a plan: there are fewer than three experts, or none
// that may be overwritten.
void check_mergeable(const std::vector<bool>& overwritable_E);

// What becomes of k, as a set of one expert on the CPU; each tensor is computed, in double, when it
// is asked for, so that experts larger than memory can be written elsewhere. layers: the hidden
// layers of an expert, where the units of j are to be brought into the order of i's before; none:
// they are averaged as they are. Running statistics among the tensors are averaged as the rest is,
// and have to be estimated again. Not of a fresh plan. Throws UserError for values to average that
// are not finite, or not of a floating point type.
ExpertTensors merged(const ExpertTensors& experts, const MergePlan& plan,
                     const std::vector<HiddenLayer>& layers = {});

// Copies `by`, a set of one expert, into the storage of expert k of a live bank (a mapped file is
// only to be read). Nothing is written before all its tensors are computed.
void overwrite(const ExpertTensors& live, int64_t k, const ExpertTensors& by);

// Cosine of the angle between two experts, all their tensors as one vector, in double; NaN where
// one of them is 0. Throws UserError for values that are not finite.
double expert_cosine(const ExpertTensors& experts, int64_t i, int64_t j);

}  // namespace moestro
