// Learns one task of a stream: a text's vector is drawn towards its class's prompt.
//
//   score_c(x) = scale * cos(f(x), p_c),   p_c = the untouched encoder's vector of class c's prompt
//   loss = cross entropy of the scores, with label smoothing
//
// Prompts do not pass the adapters, so that classes stay where they are (chosen).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "moestro/data/token_ids.h"
#include "moestro/train/expert_merging.h"
#include "moestro/train/schedule.h"

namespace moestro {

// Texts of one task with their classes, and what the classes are compared with.
struct TaskTexts {
  TokenIds texts;
  Tensor targets_N;   // int64, on the CPU
  Tensor prompts_CD;  // unit vectors, float32, on the encoder's device
};

struct LearnerOptions {
  int64_t steps = 300, batch = 64;  // of a task; a task of fewer texts has smaller batches
  double label_smoothing = .2, scale = 20;
  TrainConfig train;
};

class TaskLearner {
 public:
  // Model and merging must outlive it.
  TaskLearner(AdaptedEncoder& model, ExpertMerging& merging, LearnerOptions options);

  // The task whose gates were added last; name: what the order of its texts is drawn by. texts must
  // outlive the task.
  void begin(int64_t task, std::string name, const TaskTexts& texts);

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
  void check_finite(const Tensor& loss) const;

  AdaptedEncoder& model_;
  ExpertMerging& merging_;
  LearnerOptions options_;
  Schedule schedule_;
  std::optional<Optimiser> optimiser_;
  const TaskTexts* texts_ = nullptr;
  std::string name_;
  int64_t task_ = -1, step_ = 0;
};

// Scores of all texts, [N, C] on the CPU, in evaluation; task < 0: of the untouched encoder. use:
// counts the experts that were chosen.
Tensor task_scores(const AdaptedEncoder& model, const TaskTexts& texts, int64_t task, double scale,
                   ExpertUse* use = nullptr);

}  // namespace moestro
