#include "moestro/study/analysis_json.h"

#include <cmath>

#include <nlohmann/json.hpp>

namespace moestro {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) {
  return std::isnan(value) ? Json(nullptr) : Json(value);
}

Json numbers(const std::vector<double>& values) {
  Json json = Json::array();
  for (const double value : values) json.push_back(number(value));
  return json;
}

Json mean_json(const std::string& figure, const Mean& mean) {
  Json json = {{"seeds", mean.count}, {"mean", mean.count > 0 ? number(mean.mean) : Json(nullptr)}};
  if (figure != kSplitAgreement) json["standard_error"] = number(mean.error);
  return json;
}

Json arm_json(const Analysis& analysis, const ArmMeans& arm) {
  Json metric = mean_json(analysis.metric, arm.mean);
  metric["by_seed"] = numbers(arm.metric);
  Json json = {{"arm", arm.arm}, {"told_class", arm.told_class}, {analysis.metric, metric}};
  for (size_t i = 0; i < arm.columns.size(); ++i)
    json[analysis.column_names[i]] = mean_json(analysis.column_names[i], arm.columns[i]);
  return json;
}

Json comparison_json(const Comparison& comparison) {
  const PairedDifference& paired = comparison.paired;
  return {{"first", comparison.first},
          {"second", comparison.second},
          {"seeds", paired.difference.count},
          {"difference", number(paired.difference.mean)},
          {"standard_error", number(paired.difference.error)},
          {"interval", {number(paired.low), number(paired.high)}},
          {"p", number(paired.p)},
          {"p_signed_ranks", number(paired.wilcoxon_p)},
          {"p_holm", number(comparison.holm_p)},
          {"verdict", verdict(comparison)}};
}

Json comparisons_json(const std::vector<Comparison>& comparisons) {
  Json json = Json::array();
  for (const Comparison& comparison : comparisons) json.push_back(comparison_json(comparison));
  return json;
}

}  // namespace

nlohmann::ordered_json to_json(const Analysis& analysis) {
  Json json = {{"schema", 1},
               {"study", analysis.name},
               {"metric", analysis.metric},
               {"lower_is_better", analysis.lower_is_better},
               {"seeds", analysis.seeds},
               {"first_seed", analysis.first_seed},
               {"planned", analysis.planned},
               {"finished", analysis.finished},
               {"arms", Json::array()}};
  for (const ArmMeans& arm : analysis.arms) json["arms"].push_back(arm_json(analysis, arm));
  json["primary"] =
      analysis.primary.empty() ? Json(nullptr) : comparison_json(analysis.primary.front());
  json["others"] = comparisons_json(analysis.others);
  json["devices"] = analysis.devices;
  json["dates"] = analysis.dates;
  json["versions"] = analysis.versions;
  return json;
}

}  // namespace moestro
