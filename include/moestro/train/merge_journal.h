// What was merged when, for reports, and to go on with after a stop.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace moestro {

struct MergeEntry {
  int64_t task = 0, layer = 0;      // from 0 on
  int64_t step = 0;                 // of the task, counted from 1: after it
  int64_t i = 0, j = 0, k = 0;      // k was overwritten; fresh: i and j are those used most
  std::vector<double> count_E;      // that the plan was made from
  std::optional<double> cosine;     // of i and j before, all weights as one vector; none: one is 0
  int64_t used = 0, decisions = 0;  // choices of k, decisions: of the task up to the merge
  // Of the task's decisions after the merge, until k was overwritten again: how many chose k. None
  // until the task has ended, or where there were no such decisions.
  std::optional<double> later_share;
};

// Doubles come back to the bit. Throws UserError for anything that to_json() did not write.
nlohmann::json to_json(const std::vector<MergeEntry>& journal);
std::vector<MergeEntry> merge_journal_from_json(const nlohmann::json& json);

}  // namespace moestro
