#include "moestro/train/merge_journal.h"

#include <limits>

#include <nlohmann/json.hpp>

#include "moestro/core/error.h"

namespace moestro {
namespace {

nlohmann::json or_null(const std::optional<double>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

std::optional<double> if_not_null(const nlohmann::json& value) {
  return value.is_null() ? std::nullopt : std::optional(value.get<double>());
}

[[noreturn]] void refuse() {
  throw UserError("not a journal of merges; expected what a run has written");
}

// What a page draws a line for each of.
constexpr int64_t kMostTasks = 10'000;

int64_t whole(const nlohmann::json& value, int64_t least,
              int64_t most = std::numeric_limits<int64_t>::max()) {
  if (!value.is_number_integer() || value < least || value > most) refuse();
  return value;
}

MergeEntry entry_from(const nlohmann::json& json) {
  MergeEntry entry;
  entry.task = whole(json.at("task"), 0, kMostTasks);
  entry.layer = whole(json.at("layer"), 0, kMostTasks);
  entry.step = whole(json.at("step"), 1);
  entry.i = whole(json.at("i"), 0);
  entry.j = whole(json.at("j"), 0);
  entry.k = whole(json.at("k"), 0);
  entry.count_E = json.at("counts").get<std::vector<double>>();
  entry.cosine = if_not_null(json.at("cosine"));
  entry.used = whole(json.at("used"), 0);
  entry.decisions = whole(json.at("decisions"), 0);
  entry.later_share = if_not_null(json.at("later_share"));
  return entry;
}

}  // namespace

nlohmann::json to_json(const std::vector<MergeEntry>& journal) {
  nlohmann::json all = nlohmann::json::array();
  for (const MergeEntry& entry : journal)
    all.push_back({{"task", entry.task},
                   {"layer", entry.layer},
                   {"step", entry.step},
                   {"i", entry.i},
                   {"j", entry.j},
                   {"k", entry.k},
                   {"counts", entry.count_E},
                   {"cosine", or_null(entry.cosine)},
                   {"used", entry.used},
                   {"decisions", entry.decisions},
                   {"later_share", or_null(entry.later_share)}});
  return all;
}

std::vector<MergeEntry> merge_journal_from_json(const nlohmann::json& json) {
  if (!json.is_array()) refuse();
  try {
    std::vector<MergeEntry> journal;
    for (const nlohmann::json& entry : json) journal.push_back(entry_from(entry));
    return journal;
  } catch (const nlohmann::json::exception&) {
    refuse();
  }
}

}  // namespace moestro
