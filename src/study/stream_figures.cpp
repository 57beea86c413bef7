#include "stream_figures.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "moestro/study/config.h"
#include "moestro/study/statistics.h"

namespace moestro {
namespace {

using Json = nlohmann::ordered_json;

const std::string kSection = "continual.", kOfValidation = "valid.";

void replace(std::string& text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  if (at != std::string::npos) text.replace(at, from.size(), to);
}

std::string short_name(std::string path) {
  path.erase(0, kSection.size());
  replace(path, ".accuracy.", ".");
  replace(path, ".balanced_accuracy.", ".balanced.");
  if (path.ends_with(".mean")) path.erase(path.size() - std::string(".mean").size());
  return path;
}

// Adds the mean of the numbers of a list, where there is one.
void add_mean(const std::string& name, const Json& json, const std::string& place,
              Figures& figures) {
  const Json::json_pointer pointer(place);
  if (!json.contains(pointer)) return;
  std::vector<double> values;
  for (const Json& value : json.at(pointer))
    if (value.is_number()) values.push_back(value.get<double>());
  if (!values.empty()) figures.emplace_back(name, mean_of(values).mean);
}

}  // namespace

std::vector<std::string> stream_metrics() {
  std::vector<std::string> metrics;
  for (const std::string rows : {"", kOfValidation.c_str()})
    for (const std::string score : {"", "balanced."}) {
      for (const std::string way : {"known.", "chosen.", "chosen_by_batch."})
        for (const char* measure :
             {"average", "transfer", "last", "backward_transfer", "forward_transfer",
              "forgetting_from_first", "forgetting_from_best"})
          metrics.push_back(rows + way + score + measure);
      metrics.push_back(rows + "untouched." + score + "average");
    }
  for (const char* other : {"experts", "frozen", "merges", "merge_cosine", "merge_later_share",
                            "parameters", "seconds"})
    metrics.emplace_back(other);
  return metrics;
}

std::optional<bool> lower_is_better_of_stream(const std::string& metric) {
  if (metric == "parameters" || metric == "seconds") return true;
  if (!of_test_rows(metric) && !metric.starts_with(kOfValidation)) return {};
  return metric.find(".forgetting_") != std::string::npos;
}

void shorten_stream_figures(const Json& summary, Figures& figures) {
  for (const char* score : {"", "balanced_"})
    add_mean(fmt::format("{}untouched.{}accuracy.average.mean", kSection, score), summary,
             fmt::format("/continual/known/{}accuracy/matrix/0", score), figures);
  for (const char* list : {"experts", "frozen"})
    add_mean(kSection + list, summary, std::string("/continual/") + list, figures);
  const auto rows = summary.at("continual").find("rows");
  const bool validation = rows != summary.at("continual").end() && *rows == "valid";
  for (auto& [name, value] : figures) {
    if (!name.starts_with(kSection)) continue;
    name = short_name(name);
    if (validation && of_test_rows(name)) name = kOfValidation + name;
  }
}

}  // namespace moestro
