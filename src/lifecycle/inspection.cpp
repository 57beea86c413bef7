#include "moestro/lifecycle/inspection.h"

#include "json_numbers.h"
#include "moestro/core/error.h"
#include "moestro/measure/accuracy.h"
#include "moestro/measure/specialisation.h"
#include "moestro/measure/specialisation_index.h"
#include "moestro/measure/who_is_right.h"

namespace moestro {
namespace {

nlohmann::ordered_json rows_of_numbers(const Tensor& matrix) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const Tensor& row : matrix.unbind()) json.push_back(numbers_or_null(row));
  return json;
}

nlohmann::ordered_json rows_of_counts(const Tensor& matrix) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (int64_t i = 0; i < matrix.size(0); ++i) {
    const Tensor row = matrix[i].contiguous();
    json.push_back(
        std::vector<int64_t>(row.data_ptr<int64_t>(), row.data_ptr<int64_t>() + row.numel()));
  }
  return json;
}

std::vector<std::vector<std::string>> owned_classes(const Tensor& counts_CE, const Dataset& data) {
  std::vector<std::vector<std::string>> owns(counts_CE.size(1));
  const Tensor owner_C = counts_CE.argmax(1);
  for (int64_t c = 0; c < data.classes; ++c)
    if (counts_CE[c].sum().item<int64_t>() > 0)
      owns[owner_C[c].item<int64_t>()].push_back(data.class_names[c]);
  return owns;
}

void measure_classes(Inspection& inspection, const Evaluation& evaluation, const Dataset& data) {
  const Tensor &predicted_NE = evaluation.expert_predicted_NE, &probs_NE = evaluation.probs_NE,
               &labels_N = data.targets_N;
  inspection.accuracy_E = expert_accuracy(predicted_NE, labels_N);
  inspection.own_accuracy_E = own_accuracy(predicted_NE, probs_NE, labels_N);
  Inspection::Classes& classes = inspection.classes.emplace();
  classes.names = data.class_names;
  classes.class_by_expert_CE = class_by_expert(probs_NE, labels_N, data.classes);
  classes.owns = owned_classes(classes.class_by_expert_CE, data);
  classes.specialisation_E = specialisation_index(classes.class_by_expert_CE);
  classes.right_EE = right_by_owner(predicted_NE, probs_NE, labels_N);
  classes.mistaken_owner_EE = mistaken_owner(predicted_NE, probs_NE, labels_N);
  classes.mixture_accuracy =
      evaluation.predicted_N.eq(labels_N).to(at::kDouble).mean().item<double>();
  classes.owner_accuracy = hard_top1_accuracy(predicted_NE, probs_NE, labels_N);
  classes.oracle_accuracy = oracle_accuracy(predicted_NE, labels_N);
  classes.rescuable_errors = rescuable_errors(predicted_NE, evaluation.predicted_N, labels_N);
}

void measure_values(Inspection& inspection, const Evaluation& evaluation, const Dataset& data) {
  const Probing alone =
      probe_values(evaluation.expert_predicted_NE, inspection.owner_N, data.targets_N);
  inspection.accuracy_E = alone.all_E;
  inspection.own_accuracy_E = alone.own_E;
}

void add_classes(nlohmann::ordered_json& json, const Inspection::Classes& classes) {
  json["owns"] = classes.owns;
  json["classes"] = classes.names;
  json["class_by_expert"] = rows_of_counts(classes.class_by_expert_CE);
  json["specialisation"] = numbers_or_null(classes.specialisation_E);
  json["right"] = rows_of_numbers(classes.right_EE);
  json["mistaken_owner"] = rows_of_counts(classes.mistaken_owner_EE);
  json["mixture_accuracy"] = classes.mixture_accuracy;
  json["owner_accuracy"] = classes.owner_accuracy;
  json["oracle_accuracy"] = classes.oracle_accuracy;
  json["rescuable_errors"] = number_or_null(classes.rescuable_errors);
}

}  // namespace

Inspection inspect(const Evaluation& evaluation, const Dataset& data, const Normaliser& normaliser,
                   const std::string& set) {
  MOESTRO_CHECK(evaluation.expert_predicted_NE.defined());
  Inspection inspection;
  inspection.set = set;
  inspection.rows = data.rows();
  inspection.experts = evaluation.probs_NE.size(1);
  inspection.owner_N = evaluation.probs_NE.argmax(1);
  Routing routing;
  routing.probs_BE = evaluation.probs_NE;
  routing.experts_BK = evaluation.experts_NK;
  routing.weights_BK = evaluation.weights_NK;
  inspection.usage = usage(routing);
  if (data.classes > 0)
    measure_classes(inspection, evaluation, data);
  else
    measure_values(inspection, evaluation, data);
  for (int64_t e = 0; e < inspection.experts; ++e)
    inspection.samples.push_back(typical_samples(evaluation, data, inspection.owner_N, e));
  if (inspection.experts == 1) return inspection;
  inspection.probing = probe_experts(evaluation, data, inspection.owner_N);
  inspection.map = input_map(data, normaliser, inspection.owner_N);
  return inspection;
}

nlohmann::ordered_json Inspection::to_json() const {
  nlohmann::ordered_json json = {{"schema", 2},
                                 {"set", set},
                                 {"rows", rows},
                                 {"experts", experts},
                                 {"usage", doubles(usage.usage_E)},
                                 {"importance", doubles(usage.importance_E)},
                                 {"load", doubles(usage.load_E)},
                                 {"accuracy", numbers_or_null(accuracy_E)},
                                 {"own_accuracy", numbers_or_null(own_accuracy_E)}};
  if (classes) add_classes(json, *classes);
  if (probing) json["probing"] = probing->to_json();
  json["samples"] = nlohmann::ordered_json::array();
  for (const TypicalSamples& list : samples)
    json["samples"].push_back(list.to_json(classes.has_value()));
  if (map) json["map"] = map->to_json();
  return json;
}

}  // namespace moestro
