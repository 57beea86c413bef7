// The plots of how a run trained, from metrics.jsonl.
#pragma once

#include <string>
#include <vector>

#include "moestro/report/run_record.h"
#include "moestro/report/svg.h"

namespace moestro {

// Training time in epochs, or in steps before the end of the first one.
struct TimeAxis {
  explicit TimeAxis(const MetricsRecord& metrics);
  double place(int64_t step) const { return static_cast<double>(step) / steps_per_unit; }

  std::string label = "epoch";
  double steps_per_unit = 1;
};

// One value an epoch, or a step, over time.
template <typename Record, typename Value>
std::vector<Point> curve(const std::vector<Record>& records, const TimeAxis& time, Value value) {
  std::vector<Point> points;
  for (const Record& record : records) points.push_back({time.place(record.step), value(record)});
  return points;
}

// Each a row of <figure>s, empty without data: error and loss; what the gate does; and what tells
// why a training went wrong: terms of the loss, learning rate, gradient norm, gate logits.
std::string learning_figures(const RunRecord& run);
std::string gate_figures(const RunRecord& run);
std::string diagnostic_figures(const RunRecord& run);

}  // namespace moestro
