// The recipe's [merge]: experts that learned the same make room while a task is learned
// (train/expert_merging.h).
#pragma once

#include <cstdint>
#include <string>

namespace moestro {

class Schema;

// Steps are those of a task, counted from 1. All defaults are chosen: the published description
// names none.
struct MergeConfig {
  int64_t every = 30;                  // steps from one merge to the next; 0: never
  int64_t first = 60, last = 240;      // the first merge; no merge after
  std::string kind = "average";        // average, random, copy, fresh
  std::string weights = "equal";       // equal, count: of the two in the average
  bool align = false;                  // their hidden units are matched before
  std::string target = "unfrozen";     // unfrozen, unused: which may be overwritten
  std::string gate = "keep";           // keep, mean: what the overwritten one is scored by
  std::string counts = "since_merge";  // since_merge, moving
};

// Of the moving average of counts: what of it is left after a step.
constexpr double kCountsKept = .99;

void describe(Schema& schema, MergeConfig& merge);

// Throws UserError where a task of so many steps ends before what the keys say.
void check_merge(const MergeConfig& merge, int64_t steps, const Schema& schema);

// Whether there is a merge after that step: first, first + every, ... up to last.
bool merges_after(const MergeConfig& merge, int64_t step);

}  // namespace moestro
