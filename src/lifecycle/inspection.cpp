#include "moestro/lifecycle/inspection.h"

#include <cmath>

#include <ATen/Functions.h>
#include <nlohmann/json.hpp>

#include "moestro/core/error.h"
#include "moestro/measure/accuracy.h"
#include "moestro/measure/specialisation.h"

namespace moestro {
namespace {

constexpr int64_t kSamplesPerExpert = 12;

std::vector<double> doubles(const Tensor& tensor) {
  const Tensor flat = tensor.to(at::kDouble).contiguous();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

// JSON has no NaN: an expert without samples of its own has no accuracy on them.
nlohmann::ordered_json numbers_or_null(const Tensor& tensor) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const double value : doubles(tensor))
    json.push_back(std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json());
  return json;
}

// Root mean squared error of each expert over the rows where mask_NE is 1.
Tensor expert_rmse(const Tensor& predicted_NE, const Tensor& targets_N, const Tensor& mask_NE) {
  const Tensor squared_NE = (predicted_NE - targets_N.unsqueeze(1)).to(at::kDouble).square();
  return ((squared_NE * mask_NE).sum(0) / mask_NE.sum(0)).sqrt();
}

void measure_classes(Inspection& inspection, const Evaluation& evaluation, const Dataset& data) {
  inspection.class_names = data.class_names;
  inspection.class_by_expert_CE =
      class_by_expert(evaluation.probs_NE, data.targets_N, data.classes);
  inspection.accuracy_E = expert_accuracy(evaluation.expert_predicted_NE, data.targets_N);
  inspection.own_accuracy_E =
      own_accuracy(evaluation.expert_predicted_NE, evaluation.probs_NE, data.targets_N);
  const Tensor owner_C = inspection.class_by_expert_CE.argmax(1);
  for (int64_t c = 0; c < data.classes; ++c)
    if (inspection.class_by_expert_CE[c].sum().item<int64_t>() > 0)
      inspection.owns[owner_C[c].item<int64_t>()].push_back(data.class_names[c]);
}

void measure_values(Inspection& inspection, const Evaluation& evaluation, const Dataset& data) {
  const Tensor& predicted_NE = evaluation.expert_predicted_NE;
  const Tensor own_NE =
      at::one_hot(evaluation.probs_NE.argmax(1), inspection.experts).to(at::kDouble);
  inspection.accuracy_E = expert_rmse(predicted_NE, data.targets_N, at::ones_like(own_NE));
  inspection.own_accuracy_E = expert_rmse(predicted_NE, data.targets_N, own_NE);
}

// Evenly spaced over the rows that the expert owns.
std::vector<Inspection::Sample> owned_samples(const Evaluation& evaluation, const Dataset& data,
                                              const Tensor& owner_N, int64_t expert) {
  const Tensor rows_M = owner_N.eq(expert).nonzero().squeeze(1);
  const int64_t owned = rows_M.size(0), count = std::min(owned, kSamplesPerExpert);
  std::vector<Inspection::Sample> samples;
  for (int64_t i = 0; i < count; ++i) {
    const auto row = rows_M[i * owned / count].item<int64_t>();
    samples.push_back({row, data.targets_N[row].item<double>(),
                       evaluation.predicted_N[row].item<double>(),
                       evaluation.probs_NE[row][expert].item<double>()});
  }
  return samples;
}

}  // namespace

Inspection inspect(const Evaluation& evaluation, const Dataset& data, const std::string& set) {
  MOESTRO_CHECK(evaluation.expert_predicted_NE.defined());
  Inspection inspection;
  inspection.set = set;
  inspection.rows = data.rows();
  inspection.experts = evaluation.probs_NE.size(1);
  inspection.owns.resize(inspection.experts);
  Routing routing;
  routing.probs_BE = evaluation.probs_NE;
  routing.experts_BK = evaluation.experts_NK;
  routing.weights_BK = evaluation.weights_NK;
  inspection.usage = usage(routing);
  if (data.classes > 0)
    measure_classes(inspection, evaluation, data);
  else
    measure_values(inspection, evaluation, data);
  const Tensor owner_N = evaluation.probs_NE.argmax(1);
  for (int64_t e = 0; e < inspection.experts; ++e)
    inspection.samples.push_back(owned_samples(evaluation, data, owner_N, e));
  return inspection;
}

nlohmann::ordered_json Inspection::to_json() const {
  nlohmann::ordered_json json = {{"schema", 1},
                                 {"set", set},
                                 {"rows", rows},
                                 {"experts", experts},
                                 {"usage", doubles(usage.usage_E)},
                                 {"importance", doubles(usage.importance_E)},
                                 {"load", doubles(usage.load_E)},
                                 {"accuracy", numbers_or_null(accuracy_E)},
                                 {"own_accuracy", numbers_or_null(own_accuracy_E)},
                                 {"owns", owns}};
  if (!class_names.empty()) {
    json["classes"] = class_names;
    for (int64_t c = 0; c < class_by_expert_CE.size(0); ++c) {
      const Tensor row_E = class_by_expert_CE[c].contiguous();
      json["class_by_expert"].push_back(std::vector<int64_t>(
          row_E.data_ptr<int64_t>(), row_E.data_ptr<int64_t>() + row_E.numel()));
    }
  }
  json["samples"] = nlohmann::ordered_json::array();
  const auto answer = [this](double value) {  // a class is a whole number
    return class_names.empty() ? nlohmann::ordered_json(value)
                               : nlohmann::ordered_json(static_cast<int64_t>(value));
  };
  for (const std::vector<Sample>& list : samples) {
    nlohmann::ordered_json entries = nlohmann::ordered_json::array();
    for (const Sample& sample : list)
      entries.push_back({{"row", sample.row},
                         {"label", answer(sample.target)},
                         {"predicted", answer(sample.predicted)},
                         {"probability", sample.probability}});
    json["samples"].push_back(std::move(entries));
  }
  return json;
}

NamedTensors sample_pixels(const Inspection& inspection, const Dataset& data) {
  NamedTensors pixels;
  if (!data.is_image()) return pixels;
  for (size_t e = 0; e < inspection.samples.size(); ++e) {
    std::vector<int64_t> rows;
    for (const Inspection::Sample& sample : inspection.samples[e]) rows.push_back(sample.row);
    const Tensor rows_M = at::tensor(rows, at::TensorOptions().dtype(at::kLong));
    pixels.emplace_back(fmt::format("expert_{}", e), data.inputs.index_select(0, rows_M));
  }
  return pixels;
}

}  // namespace moestro
