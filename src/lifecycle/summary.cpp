#include "moestro/lifecycle/summary.h"

#include <ATen/Functions.h>
#include <nlohmann/json.hpp>

#include "moestro/measure/accuracy.h"
#include "moestro/measure/calibration.h"

namespace moestro {
namespace {

nlohmann::ordered_json scores_json(const Scores& scores) {
  return {{"error", scores.error}, {"loss", scores.loss}};
}

nlohmann::ordered_json specialisation_json(const Specialisation& s, bool classes) {
  nlohmann::ordered_json json = {{"sample_entropy", s.sample_entropy},
                                 {"usage_entropy", s.usage_entropy},
                                 {"experts_used", s.experts_used}};
  if (!classes) return json;
  json["mutual_information"] = s.mutual_information;
  json["mutual_information_predicted"] = s.mutual_information_predicted;
  json["permutation_baseline"] = s.permutation_baseline;
  return json;
}

}  // namespace

nlohmann::ordered_json Figures::to_json() const {
  nlohmann::ordered_json json = {{"test", scores_json(test)}};
  if (hard_top1_error) json["hard_top1_error"] = *hard_top1_error;
  if (calibration_error) json["calibration_error"] = *calibration_error;
  if (specialisation)
    json["specialisation"] = specialisation_json(*specialisation, hard_top1_error.has_value());
  return json;
}

Figures figures(const Evaluation& evaluation, const Dataset& data) {
  Figures figures;
  figures.test = score(evaluation, data.targets_N, data.classes);
  const bool several = evaluation.probs_NE.size(1) > 1;
  if (data.classes == 0) {
    // Without classes only the gate's entropies mean something: one class stands for all.
    const Tensor none_N = at::zeros({data.rows()}, at::kLong);
    if (several) figures.specialisation = specialisation(evaluation.probs_NE, none_N, none_N, 1);
    return figures;
  }
  const Tensor top1_N = owner_prediction(evaluation.expert_predicted_NE, evaluation.probs_NE);
  figures.hard_top1_error =
      1 - hard_top1_accuracy(evaluation.expert_predicted_NE, evaluation.probs_NE, data.targets_N);
  figures.calibration_error = calibration_error(evaluation.mixed_NC, data.targets_N);
  if (several)
    figures.specialisation =
        specialisation(evaluation.probs_NE, data.targets_N, top1_N, data.classes);
  return figures;
}

nlohmann::ordered_json Summary::to_json() const {
  nlohmann::ordered_json json = {
      {"schema", 1},        {"name", name},     {"data", data},
      {"seed", seed},       {"device", device}, {"parameters", parameters},
      {"seconds", seconds}, {"epochs", epochs}, {"steps", steps}};
  if (told_class) json["told_class"] = true;
  json.update(figures.to_json());
  if (valid) json["valid"] = scores_json(*valid);
  return json;
}

}  // namespace moestro
