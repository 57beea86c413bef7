#include "moestro/report/metrics_record.h"

#include <fmt/format.h>

#include "json_view.h"
#include "moestro/store/metrics_log.h"

namespace moestro {
namespace {

ScoresRecord scores_of(const JsonView& view) {
  return {view.number("error"), view.number("loss")};
}

StepRecord step_of(const JsonView& view) {
  StepRecord record;
  record.step = view.integer("step", 0);
  record.loss = view.number("loss");
  const JsonView terms = view.object("terms");
  for (const std::string& name : terms.keys()) record.terms[name] = terms.number(name);
  record.rate = view.number("rate");
  record.gate_entropy = view.number("gate_entropy");
  record.gate_logit = view.number("gate_logit");
  record.gradient_norm = view.number("gradient_norm");
  return record;
}

LayerUsageRecord layer_of(const JsonView& view) {
  return {view.text("layer"), view.numbers("usage"), view.number("sample_entropy"),
          view.number("usage_entropy")};
}

EpochRecord epoch_of(const JsonView& view) {
  EpochRecord record;
  record.step = view.integer("step", 0);
  record.epoch = view.integer("epoch", 0);
  record.seconds = view.number("seconds");
  record.train = scores_of(view.object("train"));
  record.valid = scores_of(view.object("valid"));
  record.usage = view.numbers("usage");
  for (const nlohmann::json& layer : view.list("layers"))
    record.layers.push_back(layer_of(JsonView(layer, view.where())));
  record.sample_entropy = view.number("sample_entropy");
  record.usage_entropy = view.number("usage_entropy");
  return record;
}

void check_like(const EpochRecord& first, const EpochRecord& now, const JsonView& view) {
  if (now.usage.size() != first.usage.size())
    view.fail(fmt::format("usage of {} experts, expected {} as before", now.usage.size(),
                          first.usage.size()));
  if (now.layers.size() != first.layers.size())
    view.fail(fmt::format("{} mixture layers, expected {} as before", now.layers.size(),
                          first.layers.size()));
  for (std::size_t i = 0; i < now.layers.size(); ++i)
    if (now.layers[i].layer != first.layers[i].layer ||
        now.layers[i].usage.size() != first.layers[i].usage.size())
      view.fail(fmt::format("{} of {} experts, expected {} of {} as before", now.layers[i].layer,
                            now.layers[i].usage.size(), first.layers[i].layer,
                            first.layers[i].usage.size()));
}

}  // namespace

MetricsRecord read_metrics_record(const std::filesystem::path& path) {
  MetricsRecord metrics;
  int64_t line = 0;
  for (const nlohmann::json& json : read_metrics(path)) {
    const JsonView view(json, fmt::format("{}:{}", path.string(), ++line));
    const std::string kind = view.text("kind");
    if (kind == "step") metrics.steps.push_back(step_of(view));
    if (kind != "epoch") continue;
    metrics.epochs.push_back(epoch_of(view));
    check_like(metrics.epochs.front(), metrics.epochs.back(), view);
  }
  return metrics;
}

}  // namespace moestro
