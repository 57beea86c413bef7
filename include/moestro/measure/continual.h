// What learning one task after another gained and lost.
#pragma once

#include <vector>

#include "moestro/core/tensor.h"

namespace moestro {

// One measure: of each task, NaN where it has none or where a score that it needs was not measured;
// and the mean over the tasks that have it, NaN where there is no such task or one of theirs is
// NaN.
struct TaskMeasure {
  std::vector<double> task_T;
  double mean = 0;
};

// With A[i][j] the score on task j after training task i, i, j = 1 .. T, and A[0][j] the score
// before any training, of task j:
struct ContinualScores {
  // Zheng et al. 2023, ZSCL (known).
  TaskMeasure transfer;  // mean over 1 <= i < j of A[i][j]; j >= 2
  TaskMeasure average;   // mean over 1 <= i <= T of A[i][j]
  TaskMeasure last;      // A[T][j]
  // Lopez-Paz and Ranzato 2017, BWT and FWT (known).
  TaskMeasure backward_transfer;  // A[T][j] - A[j][j]; j < T
  TaskMeasure forward_transfer;   // A[j-1][j] - A[0][j]; j >= 2
  // In both conventions: from the score when learned, minus BWT; and from the best before the last
  // task, be it before task j was learned (Chaudhry et al. 2018; known). Below 0: nothing was lost.
  TaskMeasure forgetting_from_first;  // A[j][j] - A[T][j]; j < T
  TaskMeasure forgetting_from_best;   // max over 1 <= i < T of A[i][j] - A[T][j]; j < T
};

// score_ST: A, S = T + 1 rows of T >= 1 tasks, higher is better, NaN where not measured.
ContinualScores continual_scores(const Tensor& score_ST);

}  // namespace moestro
