// Learns one task of a stream: a sample's vector is drawn towards its class's.
//
//   score_c(x) = scale * cos(f(x), p_c),   p_c = what the untouched encoder makes of class c: the
//                                          vector of its prompt, or the mean of some of its images'
//   loss = cross entropy of the scores, with label smoothing
//
// What stands for classes does not pass the adapters, so that these stay where they are (chosen).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "moestro/train/encoder_inputs.h"
#include "moestro/train/expert_merging.h"
#include "moestro/train/schedule.h"

namespace moestro {

// Samples of one task with their classes, and what the classes are compared with.
struct TaskSamples {
  std::shared_ptr<const EncoderInputs> inputs;
  Tensor targets_N;   // int64, on the CPU
  Tensor classes_CD;  // unit vectors, float32, on the encoder's device

  int64_t rows() const { return inputs->count(); }
};

// The listed rows (int64 [M], on the CPU), in that order.
TaskSamples select_rows(const TaskSamples& samples, const Tensor& rows_M);
// A share of the rows, one at least, drawn by seed and the task's name.
TaskSamples keep_share(const TaskSamples& samples, double share, uint64_t seed,
                       const std::string& name);

struct LearnerOptions {
  int64_t steps = 300, batch = 64;  // of a task; a task of fewer rows has smaller batches
  double label_smoothing = .2, scale = 20;
  TrainConfig train;
};

class TaskLearner {
 public:
  // Model and merging must outlive it.
  TaskLearner(AdaptedEncoder& model, ExpertMerging& merging, LearnerOptions options);

  // The task whose gates were added last; name: what the order of its rows is drawn by. samples
  // must outlive the task. kept: rows of the tasks before it, each with its own gates; every step
  // learns those of one of them besides, in turns, all rows of both counting alike (experience
  // replay; none where empty).
  void begin(int64_t task, std::string name, const TaskSamples& samples,
             std::vector<TaskSamples> kept = {});

  bool done() const { return step_ == options_.steps; }
  int64_t step() const { return step_; }  // steps done
  // One more -> its loss, a scalar on the device. Throws SystemError where it is not finite.
  Tensor run_step();

  // Moments, and what merging counted: live storage. To go on: begin() as before, write into these,
  // then resume().
  std::vector<std::pair<std::string, Tensor>> state() const;
  void resume(int64_t step);

 private:
  Tensor rows_of_step() const;
  AdaptedOutput forward(const TaskSamples& samples, const Tensor& rows_B, int64_t task,
                        Tensor& loss) const;
  Tensor with_kept(const Tensor& loss, int64_t rows) const;
  void check_finite(const Tensor& loss) const;

  AdaptedEncoder& model_;
  ExpertMerging& merging_;
  LearnerOptions options_;
  Schedule schedule_;
  std::optional<Optimiser> optimiser_;
  const TaskSamples* samples_ = nullptr;
  std::vector<TaskSamples> kept_;
  std::string name_;
  int64_t task_ = -1, step_ = 0;
};

// Scores of all rows, [N, C] on the CPU, in evaluation; task < 0: of the untouched encoder. use:
// counts the experts that were chosen.
Tensor task_scores(const AdaptedEncoder& model, const TaskSamples& samples, int64_t task,
                   double scale, ExpertUse* use = nullptr);

}  // namespace moestro
