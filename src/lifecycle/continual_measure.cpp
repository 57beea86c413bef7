#include "continual_measure.h"

#include <limits>

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "moestro/measure/accuracy.h"

namespace moestro {

ContinualMeasure::ContinualMeasure(const AdaptedEncoder& model,
                                   const std::vector<TaskSamples>& tests,
                                   std::vector<Tensor> unit_TND, double scale, int64_t batch)
    : model_(model), tests_(tests), unit_TND_(std::move(unit_TND)), scale_(scale), batch_(batch) {
  for (size_t j = 0; j < tests.size(); ++j)
    untouched_TN_.push_back(unit_TND_[j].matmul(tests[j].classes_CD.t()).argmax(1).cpu());
}

TaskScore ContinualMeasure::score(int64_t test, const Tensor& predicted_N) const {
  const Tensor& targets_N = tests_[static_cast<size_t>(test)].targets_N;
  return {predicted_N.eq(targets_N).to(at::kDouble).mean().item<double>(),
          balanced_accuracy(predicted_N, targets_N)};
}

void ContinualMeasure::complete(std::vector<ScoreRow>& rows) const {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  for (size_t i = 0; i < rows.size(); ++i)
    for (size_t j = rows[i].known.size(); j < tests_.size(); ++j) {
      rows[i].known.push_back(score(static_cast<int64_t>(j), untouched_TN_[j]));
      rows[i].chosen.push_back(i == 0 ? rows[i].known.back() : TaskScore{kNone, kNone});
      rows[i].by_batch.push_back(rows[i].chosen.back());
    }
}

// Of each choice of tasks, which overlap: no row is computed twice by one task. own_N: predictions
// of all rows by the test's own task, which need not be made again.
std::vector<Tensor> ContinualMeasure::mixed_predictions(int64_t test,
                                                        const std::vector<Tensor>& choices_N,
                                                        int64_t own_task,
                                                        const Tensor& own_N) const {
  const TaskSamples& samples = tests_[static_cast<size_t>(test)];
  const Tensor& untouched_N = untouched_TN_[static_cast<size_t>(test)];
  std::vector<Tensor> mixed(choices_N.size(), untouched_N);
  for (int64_t task = 0; task < model_.tasks(); ++task) {
    Tensor predicted_N = own_N;
    if (task != own_task) {
      const Tensor rows_M = at::stack(choices_N).eq(task).any(0).nonzero().squeeze(1);
      if (rows_M.numel() == 0) continue;
      const Tensor scores_MC = task_scores(model_, select_rows(samples, rows_M), task, scale_);
      predicted_N = untouched_N.index_copy(0, rows_M, scores_MC.argmax(1));
    }
    for (size_t c = 0; c < mixed.size(); ++c)
      mixed[c] = at::where(choices_N[c].eq(task), predicted_N, mixed[c]);
  }
  return mixed;
}

ScoreRow ContinualMeasure::row(const TaskSelector& selector, int64_t learned) const {
  ScoreRow row;
  for (int64_t j = 0; j < std::ssize(tests_); ++j) {
    const auto at_j = static_cast<size_t>(j);
    const int64_t own = j < learned ? j : learned > 0 && model_.is_tuned() ? 0 : -1;
    const Tensor own_N =
        own < 0 ? untouched_TN_[at_j] : task_scores(model_, tests_[at_j], own, scale_).argmax(1);
    row.known.push_back(score(j, own_N));
    const std::vector<Tensor> mixed =
        mixed_predictions(j,
                          {selector.choose(unit_TND_[at_j]).cpu(),
                           selector.choose_by_batch(unit_TND_[at_j], batch_).cpu()},
                          own, own_N);
    row.chosen.push_back(score(j, mixed[0]));
    row.by_batch.push_back(score(j, mixed[1]));
  }
  return row;
}

}  // namespace moestro
