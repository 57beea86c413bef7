#include "moestro/train/merge_journal.h"

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

MergeEntry entry_from(const nlohmann::json& json) {
  MergeEntry entry;
  entry.task = json.at("task");
  entry.layer = json.at("layer");
  entry.step = json.at("step");
  entry.i = json.at("i");
  entry.j = json.at("j");
  entry.k = json.at("k");
  entry.count_E = json.at("counts").get<std::vector<double>>();
  entry.cosine = if_not_null(json.at("cosine"));
  entry.used = json.at("used");
  entry.decisions = json.at("decisions");
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
  try {
    std::vector<MergeEntry> journal;
    for (const nlohmann::json& entry : json) journal.push_back(entry_from(entry));
    return journal;
  } catch (const nlohmann::json::exception&) {
    throw UserError("not a journal of merges; expected what a run has written");
  }
}

}  // namespace moestro
