#include "moestro/report/probing_record.h"

#include <cmath>

#include <fmt/format.h>

#include "json_lists.h"

namespace moestro {
namespace {

std::vector<double> list_of(const JsonView& view, const std::string& key, int64_t experts) {
  std::vector<double> numbers = per_expert(view, key, experts);
  if (numbers.empty()) view.fail(fmt::format("key \"{}\" is missing", key));
  return numbers;
}

std::vector<int64_t> parts_of(const JsonView& view, int64_t experts) {
  std::vector<int64_t> parts;
  for (double part : per_expert(view, "part_of_expert", experts)) {
    if (!(part >= 0 && part < static_cast<double>(experts) && part == std::floor(part)))
      view.fail(fmt::format("key \"part_of_expert\": {} is none of the {} parts", part, experts));
    parts.push_back(static_cast<int64_t>(part));
  }
  return parts;
}

}  // namespace

std::optional<ProbingRecord> probing_record(const nlohmann::json& inspection,
                                            const std::string& key, int64_t experts,
                                            const std::string& where) {
  if (!JsonView(inspection, where).has(key)) return {};
  const JsonView view(inspection.at(key), where + ": " + key);
  ProbingRecord probing;
  probing.share = list_of(view, "share", experts);
  probing.own = list_of(view, "own", experts);
  probing.others = list_of(view, "others", experts);
  probing.all = list_of(view, "all", experts);
  probing.own_error = view.number("own_error");
  probing.others_error = view.number("others_error");
  probing.all_error = view.number("all_error");
  probing.oracle_error = view.number("oracle_error");
  probing.routing_accuracy = view.number("routing_accuracy");
  probing.agreement = view.number("agreement");
  probing.disagreement = view.number("disagreement");
  probing.output_square = view.number("output_square");
  probing.partition = view.text("run");
  probing.part_of_expert = parts_of(view, experts);
  return probing;
}

std::optional<LayerProbingRecord> layer_probing_record(const nlohmann::json& layer, int64_t experts,
                                                       const std::string& where) {
  if (!JsonView(layer, where).has("probing")) return {};
  const JsonView view(layer.at("probing"), where + ": probing");
  LayerProbingRecord probing;
  probing.model_loss = view.number("model_loss");
  probing.model_error = view.number("model_error");
  probing.all_loss = list_of(view, "all_loss", experts);
  probing.all_error = list_of(view, "all_error", experts);
  if (!view.has("share")) return probing;
  probing.share = list_of(view, "share", experts);
  probing.own_loss = list_of(view, "own_loss", experts);
  probing.own_error = list_of(view, "own_error", experts);
  probing.others_loss = list_of(view, "others_loss", experts);
  probing.others_error = list_of(view, "others_error", experts);
  return probing;
}

}  // namespace moestro
