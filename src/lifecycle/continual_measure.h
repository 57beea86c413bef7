// A row of the matrix: how well a model answers for every task of a stream.
#pragma once

#include "continual_progress.h"
#include "moestro/train/task_learner.h"
#include "moestro/train/task_selector.h"

namespace moestro {

class ContinualMeasure {
 public:
  // tests: of every task, which must outlive it. unit_TND: their vectors by the untouched encoder,
  // on its device. batch: rows that the selector decides for together.
  ContinualMeasure(const AdaptedEncoder& model, const std::vector<TaskSamples>& tests,
                   std::vector<Tensor> unit_TND, double scale, int64_t batch);

  // Rows from before the last tasks were added: nobody but the untouched encoder answered for
  // those; what the selector would have said then is not known.
  void complete(std::vector<ScoreRow>& rows) const;
  // learned: tasks whose gates answer for them.
  ScoreRow row(const TaskSelector& selector, int64_t learned) const;

 private:
  std::vector<Tensor> mixed_predictions(int64_t test, const std::vector<Tensor>& choices_N,
                                        int64_t own_task, const Tensor& own_N) const;
  TaskScore score(int64_t test, const Tensor& predicted_N) const;

  const AdaptedEncoder& model_;
  const std::vector<TaskSamples>& tests_;
  std::vector<Tensor> unit_TND_;
  std::vector<Tensor> untouched_TN_;  // predictions
  double scale_;
  int64_t batch_;
};

}  // namespace moestro
