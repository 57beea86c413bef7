#include "moestro/lifecycle/summary.h"

#include <ATen/Functions.h>
#include <nlohmann/json.hpp>

#include "moestro/core/text.h"
#include "moestro/measure/accuracy.h"
#include "moestro/measure/bleu.h"
#include "moestro/measure/calibration.h"

namespace moestro {
namespace {

std::vector<std::string> all_lower_case(const std::vector<std::string>& texts) {
  std::vector<std::string> lower;
  for (const std::string& text : texts) lower.push_back(lower_case(text));
  return lower;
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
  if (probing) json["probing"] = probing->totals_json();
  if (bleu) json["bleu"] = *bleu;
  if (bleu_lowercase) json["bleu_lowercase"] = *bleu_lowercase;
  return json;
}

Figures figures(const Evaluation& evaluation, const Dataset& data) {
  Figures figures;
  figures.test = score(evaluation, data.targets_N, data.classes);
  if (data.classes > 0)
    figures.calibration_error = calibration_error(evaluation.mixed_NC, data.targets_N);
  if (!evaluation.of_mixture()) return figures;
  const bool several = evaluation.probs_NE.size(1) > 1;
  if (several) figures.probing = probe_experts(evaluation, data, evaluation.probs_NE.argmax(1));
  if (data.classes == 0) {
    // Without classes only the gate's entropies mean something: one class stands for all.
    const Tensor none_N = at::zeros({data.rows()}, at::kLong);
    if (several) figures.specialisation = specialisation(evaluation.probs_NE, none_N, none_N, 1);
    return figures;
  }
  const Tensor top1_N = owner_prediction(evaluation.expert_predicted_NE, evaluation.probs_NE);
  figures.hard_top1_error =
      1 - hard_top1_accuracy(evaluation.expert_predicted_NE, evaluation.probs_NE, data.targets_N);
  if (several)
    figures.specialisation =
        specialisation(evaluation.probs_NE, data.targets_N, top1_N, data.classes);
  return figures;
}

Figures figures_of_translations(const std::vector<std::string>& translations, const Dataset& rows,
                                double loss) {
  Figures figures;
  figures.bleu = bleu(translations, rows.target_texts).score;
  figures.bleu_lowercase =
      bleu(all_lower_case(translations), all_lower_case(rows.target_texts)).score;
  figures.test = {loss, 1 - *figures.bleu / 100};
  return figures;
}

Figures figures(const Responder& responder, const Dataset& rows) {
  if (!responder.translates()) return figures(responder.evaluate(rows, /*experts=*/true), rows);
  return figures_of_translations(responder.translate(rows), rows, responder.score(rows).loss);
}

nlohmann::ordered_json Summary::to_json() const {
  nlohmann::ordered_json json = {
      {"schema", 1},        {"name", name},     {"data", data},
      {"seed", seed},       {"device", device}, {"parameters", parameters},
      {"seconds", seconds}, {"epochs", epochs}, {"steps", steps}};
  if (told_class) json["told_class"] = true;
  json.update(figures.to_json());
  if (valid) json["valid"] = scores_json(*valid);
  if (!student.is_null()) json["student"] = student;
  return json;
}

}  // namespace moestro
