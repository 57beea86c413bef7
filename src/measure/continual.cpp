#include "moestro/measure/continual.h"

#include <limits>

#include <ATen/ATen.h>

#include "moestro/core/error.h"

namespace moestro {
namespace {

// Tasks and training steps numbered from 1, as in the formulas.
class Scores {
 public:
  explicit Scores(const Tensor& score_ST)
      : score_ST_(score_ST.detach().cpu().to(at::kDouble)), tasks_(score_ST.size(1)) {}

  int64_t tasks() const { return tasks_; }
  double at(int64_t step, int64_t task) const { return score_ST_[step][task - 1].item<double>(); }
  double mean(int64_t steps, int64_t task) const {
    return first(steps, task).mean().item<double>();
  }
  // Of one that was not measured: NaN, as LibTorch's maximum has it and std::max has not.
  double best(int64_t steps, int64_t task) const { return first(steps, task).max().item<double>(); }

 private:
  // After steps 1 .. `steps`.
  Tensor first(int64_t steps, int64_t task) const {
    return score_ST_.select(1, task - 1).narrow(0, 1, steps);
  }

  Tensor score_ST_;
  int64_t tasks_;
};

// Of tasks `from` to `to`.
template <class Value>
TaskMeasure measured(int64_t tasks, int64_t from, int64_t to, Value value) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  TaskMeasure measure{std::vector<double>(static_cast<size_t>(tasks), kNone), kNone};
  if (from > to) return measure;
  double sum = 0;
  for (int64_t task = from; task <= to; ++task)
    sum += measure.task_T[static_cast<size_t>(task - 1)] = value(task);
  measure.mean = sum / static_cast<double>(to - from + 1);
  return measure;
}

}  // namespace

ContinualScores continual_scores(const Tensor& score_ST) {
  MOESTRO_CHECK(
      score_ST.dim() == 2 && score_ST.size(1) >= 1 && score_ST.size(0) == score_ST.size(1) + 1,
      "scores of shape {}, expected a row more than tasks", shape_text(score_ST.sizes().vec()));
  const Scores a(score_ST);
  const int64_t tasks = a.tasks();
  const auto all = [&](auto value) { return measured(tasks, 1, tasks, value); };
  const auto but_first = [&](auto value) { return measured(tasks, 2, tasks, value); };
  const auto but_last = [&](auto value) { return measured(tasks, 1, tasks - 1, value); };
  ContinualScores scores;
  scores.transfer = but_first([&](int64_t j) { return a.mean(j - 1, j); });
  scores.average = all([&](int64_t j) { return a.mean(tasks, j); });
  scores.last = all([&](int64_t j) { return a.at(tasks, j); });
  scores.backward_transfer = but_last([&](int64_t j) { return a.at(tasks, j) - a.at(j, j); });
  scores.forward_transfer = but_first([&](int64_t j) { return a.at(j - 1, j) - a.at(0, j); });
  scores.forgetting_from_first = but_last([&](int64_t j) { return a.at(j, j) - a.at(tasks, j); });
  scores.forgetting_from_best =
      but_last([&](int64_t j) { return a.best(tasks - 1, j) - a.at(tasks, j); });
  return scores;
}

}  // namespace moestro
