#include "moestro/train/recorder.h"

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>
#include <nlohmann/json.hpp>

#include "moestro/core/log.h"

namespace moestro {
namespace {

constexpr int64_t kStepsBetweenRecords = 50;
// A gate that gives away under a thousandth of a bit, with scores this far from 0, gets almost no
// gradient any more.
constexpr double kSaturatedEntropy = 1e-3, kSaturatedScore = 30;

Tensor entropy_bits(const Tensor& probs) {
  return -at::xlogy(probs, probs).sum(-1) / std::log(2.);
}

std::vector<double> values_of(const Tensor& tensor_E) {
  const Tensor cpu = tensor_E.cpu().contiguous();
  return {cpu.data_ptr<double>(), cpu.data_ptr<double>() + cpu.numel()};
}

nlohmann::json scores_json(const Scores& scores) {
  return {{"loss", scores.loss}, {"error", scores.error}};
}

}  // namespace

Recorder::Recorder(MetricsLog& metrics, EventFile& events, int64_t experts, c10::Device device)
    : metrics_(metrics), events_(events) {
  const auto options = at::TensorOptions().dtype(at::kDouble).device(device);
  chosen_E_ = at::zeros({experts}, options);
  probs_E_ = at::zeros({experts}, options);
  entropy_ = at::zeros({}, options);
}

void Recorder::after_forward(const std::vector<MixtureTrace>& traces, const Batch&) {
  const at::NoGradGuard no_grad;
  const Tensor probs_BE = traces.front().routing.probs_BE.to(at::kDouble);
  chosen_E_ += at::one_hot(probs_BE.argmax(1), probs_BE.size(1)).sum(0);
  probs_E_ += probs_BE.sum(0);
  entropy_ += entropy_bits(probs_BE).sum();
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
  const Routing& routing = report.traces.front().routing;
  if (routing.probs_BE.size(1) > 1) {
    const double entropy = entropy_bits(routing.probs_BE).mean().item<double>();
    const double score = std::get<0>(routing.scores_BE.abs().max(1)).mean().item<double>();
    record["gate_entropy"] = entropy;
    record["gate_logit"] = score;
    warn_if_saturated(report.step, entropy, score);
  }
  metrics_.append(record);
  events_.scalar("train/step_loss", record["loss"], report.step);
  events_.scalar("train/rate", report.rate, report.step);
}

void Recorder::warn_if_saturated(int64_t step, double entropy, double score) {
  if (warned_ || entropy > kSaturatedEntropy || score < kSaturatedScore) return;
  warned_ = true;
  log_warning(
      "step {}: the gate is saturated (mean entropy {:.5f} bits, mean largest score {:.0f}) and "
      "nearly stops learning; a lower train.rate or loss.z_loss may help",
      step, entropy, score);
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
  if (chosen_E_.size(0) > 1) {
    const Tensor samples = chosen_E_.sum();
    const std::vector<double> usage = values_of(chosen_E_ / samples);
    record["usage"] = usage;
    record["sample_entropy"] = (entropy_ / samples).item<double>();
    record["usage_entropy"] = entropy_bits(probs_E_ / samples).item<double>();
    for (size_t e = 0; e < usage.size(); ++e)
      events_.scalar(fmt::format("usage/expert_{}", e), usage[e], report.step);
    events_.scalar("gate/sample_entropy", record["sample_entropy"], report.step);
    events_.scalar("gate/usage_entropy", record["usage_entropy"], report.step);
  }
  metrics_.append(record);
  for (const Tensor& sum : {chosen_E_, probs_E_, entropy_}) sum.zero_();
}

std::vector<std::pair<std::string, Tensor>> Recorder::state() const {
  return {
      {"recorder.chosen", chosen_E_}, {"recorder.probs", probs_E_}, {"recorder.entropy", entropy_}};
}

}  // namespace moestro
