#include "moestro/report/training_figures.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "moestro/report/area_plot.h"
#include "moestro/report/format.h"
#include "moestro/report/line_plot.h"
#include "moestro/report/palette.h"

namespace moestro {
namespace {

bool holds_out(const MetricsRecord& metrics) {
  return std::any_of(metrics.epochs.begin(), metrics.epochs.end(), [](const EpochRecord& epoch) {
    return std::isfinite(epoch.valid.error) || std::isfinite(epoch.valid.loss);
  });
}

std::string error_figure(const RunRecord& run, const TimeAxis& time) {
  const auto& epochs = run.metrics.epochs;
  const bool both = holds_out(run.metrics);
  LinePlot plot;
  plot.title = both ? capitalised(run.error_noun()) : "Training " + run.error_noun();
  plot.x_label = time.label;
  if (run.task() == Task::translation) plot.note = "Each token given the true ones before it.";
  plot.y_style = run.error_style();
  plot.series = {
      {"training", "soft", curve(epochs, time, [](const EpochRecord& e) { return e.train.error; })},
      {"validation", "ink",
       curve(epochs, time, [](const EpochRecord& e) { return e.valid.error; })}};
  return line_plot(plot);
}

std::string loss_figure(const RunRecord& run, const TimeAxis& time) {
  const auto& epochs = run.metrics.epochs;
  LinePlot plot;
  plot.title = holds_out(run.metrics) || epochs.empty() ? "Loss" : "Training loss";
  plot.x_label = time.label;
  if (!run.metrics.steps.empty() && !epochs.empty())
    plot.note = "Of the task; that of each step includes the auxiliary terms.";
  plot.series = {
      {"each step", "faint",
       curve(run.metrics.steps, time, [](const StepRecord& s) { return s.loss; })},
      {"training", "soft", curve(epochs, time, [](const EpochRecord& e) { return e.train.loss; })},
      {"validation", "ink",
       curve(epochs, time, [](const EpochRecord& e) { return e.valid.loss; })}};
  return line_plot(plot);
}

std::string usage_figure(const MetricsRecord& metrics, const TimeAxis& time) {
  AreaPlot plot;
  plot.title = "Which expert is chosen";
  plot.x_label = time.label;
  plot.note = "Share of an epoch's training samples, by their most probable expert.";
  for (const EpochRecord& epoch : metrics.epochs) {
    if (epoch.usage.size() < 2) continue;
    plot.x.push_back(time.place(epoch.step));
    plot.shares.push_back(epoch.usage);
  }
  return area_plot(plot);
}

std::string layer_usage_figure(const MetricsRecord& metrics, const TimeAxis& time,
                               std::size_t layer) {
  AreaPlot plot;
  plot.title = "Which expert is chosen: " + metrics.epochs.front().layers[layer].layer;
  plot.x_label = time.label;
  plot.note = "Share of an epoch's training decisions, by their most probable expert.";
  for (const EpochRecord& epoch : metrics.epochs) {
    if (epoch.layers[layer].usage.size() < 2) continue;
    plot.x.push_back(time.place(epoch.step));
    plot.shares.push_back(epoch.layers[layer].usage);
  }
  return area_plot(plot);
}

template <typename Value>
std::string layer_entropy_figure(const MetricsRecord& metrics, const TimeAxis& time,
                                 const std::string& title, Value value) {
  LinePlot plot;
  plot.title = title;
  plot.x_label = time.label;
  for (std::size_t i = 0; i < metrics.epochs.front().layers.size(); ++i)
    plot.series.push_back(
        {metrics.epochs.front().layers[i].layer, colour_class(static_cast<int64_t>(i)),
         curve(metrics.epochs, time, [&](const EpochRecord& e) { return value(e.layers[i]); })});
  return line_plot(plot);
}

std::string layer_figures(const MetricsRecord& metrics, const TimeAxis& time) {
  if (metrics.epochs.empty()) return {};
  std::string out;
  for (std::size_t i = 0; i < metrics.epochs.front().layers.size(); ++i)
    out += layer_usage_figure(metrics, time, i);
  return out +
         layer_entropy_figure(metrics, time, "H_s: how much each gate hesitates, bits",
                              [](const LayerUsageRecord& l) { return l.sample_entropy; }) +
         layer_entropy_figure(metrics, time, "H_u: how evenly each uses its experts, bits",
                              [](const LayerUsageRecord& l) { return l.usage_entropy; });
}

std::string entropy_figure(const MetricsRecord& metrics, const TimeAxis& time) {
  LinePlot plot;
  plot.title = "Entropy of the gate, bits";
  plot.x_label = time.label;
  plot.note =
      "H_u of all samples together, H_s of one sample. The further apart, the sharper the split.";
  plot.series = {
      {"all samples together", "soft",
       curve(metrics.epochs, time, [](const EpochRecord& e) { return e.usage_entropy; })},
      {"one sample", "ink",
       curve(metrics.epochs, time, [](const EpochRecord& e) { return e.sample_entropy; })}};
  return line_plot(plot);
}

template <typename Value>
std::string step_figure(const MetricsRecord& metrics, const TimeAxis& time,
                        const std::string& title, Value value) {
  LinePlot plot;
  plot.title = title;
  plot.x_label = time.label;
  plot.series = {{title, "ink", curve(metrics.steps, time, value)}};
  return line_plot(plot);
}

}  // namespace

TimeAxis::TimeAxis(const MetricsRecord& metrics) {
  if (metrics.epochs.empty() || metrics.epochs.back().epoch < 1 || metrics.epochs.back().step < 1) {
    label = "step";
    return;
  }
  const EpochRecord& last = metrics.epochs.back();
  steps_per_unit = static_cast<double>(last.step) / static_cast<double>(last.epoch);
}

std::string learning_figures(const RunRecord& run) {
  const TimeAxis time(run.metrics);
  return error_figure(run, time) + loss_figure(run, time);
}

std::string gate_figures(const RunRecord& run) {
  const TimeAxis time(run.metrics);
  return usage_figure(run.metrics, time) + entropy_figure(run.metrics, time) +
         layer_figures(run.metrics, time);
}

std::string diagnostic_figures(const RunRecord& run) {
  const MetricsRecord& metrics = run.metrics;
  const TimeAxis time(metrics);
  std::set<std::string> terms;
  for (const StepRecord& step : metrics.steps)
    for (const auto& [name, value] : step.terms) terms.insert(name);
  std::string out;
  for (const std::string& term : terms)
    out += step_figure(metrics, time, "Loss term: " + term, [&](const StepRecord& step) {
      const auto found = step.terms.find(term);
      return found == step.terms.end() ? kNotKnown : found->second;
    });
  out += step_figure(metrics, time, "Learning rate", [](const StepRecord& s) { return s.rate; });
  out += step_figure(metrics, time, "Norm of the gradient",
                     [](const StepRecord& s) { return s.gradient_norm; });
  out += step_figure(metrics, time, "Gate entropy on the batch, bits",
                     [](const StepRecord& s) { return s.gate_entropy; });
  out += step_figure(metrics, time, "Largest gate score, mean",
                     [](const StepRecord& s) { return s.gate_logit; });
  return out;
}

}  // namespace moestro
