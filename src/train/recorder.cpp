#include "moestro/train/recorder.h"

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>
#include <nlohmann/json.hpp>

#include "moestro/core/column_sums.h"
#include "moestro/core/log.h"
#include "moestro/measure/entropy.h"
#include "moestro/train/evaluation.h"

namespace moestro {
namespace {

constexpr int64_t kStepsBetweenRecords = 50;
// A gate that gives away under a thousandth of a bit, with scores this far from 0, gets almost no
// gradient any more.
constexpr double kSaturatedEntropy = 1e-3, kSaturatedScore = 30;

std::vector<double> values_of(const Tensor& tensor_E) {
  const Tensor cpu = tensor_E.cpu().contiguous();
  return {cpu.data_ptr<double>(), cpu.data_ptr<double>() + cpu.numel()};
}

// The one mixture of whole networks needs no name in what is written.
bool is_alone(const std::vector<MixtureName>& layers) {
  return layers.size() == 1 && layers.front().layer == "mixture";
}

}  // namespace

Recorder::Recorder(MetricsLog& metrics, EventFile& events, const std::vector<MixtureName>& layers,
                   c10::Device device)
    : metrics_(metrics), events_(events), alone_(is_alone(layers)) {
  const auto options = at::TensorOptions().dtype(at::kDouble).device(device);
  for (const MixtureName& layer : layers)
    layers_.push_back({layer.layer, at::zeros({layer.experts}, options),
                       at::zeros({layer.experts}, options), at::zeros({}, options)});
}

std::string Recorder::prefix(const std::string& group, const Layer& layer) const {
  return alone_ ? group : group + "/" + layer.name;
}

void Recorder::after_forward(const std::vector<MixtureTrace>& traces, const Batch&) {
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < layers_.size(); ++i) {
    const Tensor probs_BE = traces[i].routing.probs_BE.to(at::kDouble);
    layers_[i].chosen_E += column_sums(at::one_hot(probs_BE.argmax(1), probs_BE.size(1)));
    layers_[i].probs_E += column_sums(probs_BE);
    layers_[i].entropy += entropy_bits(probs_BE).sum();
  }
}

void Recorder::after_step(const StepReport& report) {
  if (report.step % kStepsBetweenRecords != 0) return;
  const at::NoGradGuard no_grad;
  nlohmann::json record = {
      {"kind", "step"},        {"step", report.step},
      {"epoch", report.epoch}, {"loss", report.loss.total.item<double>()},
      {"rate", report.rate},   {"gradient_norm", report.gradient_norm.item<double>()}};
  for (const LossTerm& term : report.loss.terms)
    record["terms"][term.name] = term.value.item<double>();
  record.update(gates(report.traces, report.step));
  metrics_.append(record);
  events_.scalar("train/step_loss", record["loss"], report.step);
  events_.scalar("train/rate", report.rate, report.step);
}

// Means over the mixture layers.
nlohmann::json Recorder::gates(const std::vector<MixtureTrace>& traces, int64_t step) {
  double entropies = 0, scores = 0;
  int64_t gates = 0;
  for (const MixtureTrace& trace : traces) {
    const Routing& routing = trace.routing;
    if (routing.probs_BE.size(1) == 1) continue;
    const double entropy = entropy_bits(routing.probs_BE).mean().item<double>();
    const double score = std::get<0>(routing.scores_BE.abs().max(1)).mean().item<double>();
    warn_if_saturated(trace.layer, step, entropy, score);
    entropies += entropy;
    scores += score;
    ++gates;
  }
  if (gates == 0) return nlohmann::json::object();
  return {{"gate_entropy", entropies / static_cast<double>(gates)},
          {"gate_logit", scores / static_cast<double>(gates)}};
}

void Recorder::warn_if_saturated(const std::string& layer, int64_t step, double entropy,
                                 double score) {
  if (warned_ || entropy > kSaturatedEntropy || score < kSaturatedScore) return;
  warned_ = true;
  log_warning(
      "step {}: the gate{} is saturated (mean entropy {:.5f} bits, mean largest score {:.0f}) and "
      "nearly stops learning; a lower train.rate may help, and gate.normalise where it is "
      "attentive",
      step, alone_ ? "" : " of " + layer, entropy, score);
}

void Recorder::on_epoch_end(const EpochReport& report) {
  nlohmann::json record = {{"kind", "epoch"},
                           {"step", report.step},
                           {"epoch", report.epoch},
                           {"seconds", report.seconds},
                           {"train", scores_json(report.train)}};
  events_.scalar("train/loss", report.train.loss, report.step);
  events_.scalar("train/error", report.train.error, report.step);
  if (report.valid) {
    record["valid"] = scores_json(*report.valid);
    events_.scalar("valid/loss", report.valid->loss, report.step);
    events_.scalar("valid/error", report.valid->error, report.step);
  }
  for (const Layer& layer : layers_) {
    if (layer.chosen_E.size(0) == 1) continue;
    nlohmann::json used = usage(layer, report.step);
    if (alone_) {
      record.update(used);
    } else {
      used["layer"] = layer.name;
      record["layers"].push_back(std::move(used));
    }
  }
  metrics_.append(record);
  for (const Layer& layer : layers_)
    for (const Tensor& sum : {layer.chosen_E, layer.probs_E, layer.entropy}) sum.zero_();
}

nlohmann::json Recorder::usage(const Layer& layer, int64_t step) {
  const Tensor decisions = layer.chosen_E.sum();
  const std::vector<double> usage = values_of(layer.chosen_E / decisions);
  const double sample = (layer.entropy / decisions).item<double>(),
               used = entropy_bits(layer.probs_E / decisions).item<double>();
  for (size_t e = 0; e < usage.size(); ++e)
    events_.scalar(fmt::format("{}/expert_{}", prefix("usage", layer), e), usage[e], step);
  events_.scalar(prefix("gate", layer) + "/sample_entropy", sample, step);
  events_.scalar(prefix("gate", layer) + "/usage_entropy", used, step);
  return {{"usage", usage}, {"sample_entropy", sample}, {"usage_entropy", used}};
}

std::vector<std::pair<std::string, Tensor>> Recorder::state() const {
  std::vector<std::pair<std::string, Tensor>> state;
  for (const Layer& layer : layers_) {
    const std::string name = alone_ ? "recorder" : "recorder." + layer.name;
    state.emplace_back(name + ".chosen", layer.chosen_E);
    state.emplace_back(name + ".probs", layer.probs_E);
    state.emplace_back(name + ".entropy", layer.entropy);
  }
  return state;
}

}  // namespace moestro
