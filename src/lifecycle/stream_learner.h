// What learns a stream, task by task, and measures after each: all of it in memory. A run folder
// keeps it (lifecycle/continual.h).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "continual_measure.h"
#include "continual_progress.h"
#include "moestro/lifecycle/continual_recipe.h"
#include "moestro/store/safetensors.h"
#include "moestro/train/checkpoint.h"
#include "stream_samples.h"

namespace moestro {

class StreamLearner {
 public:
  // recipe, samples and progress must outlive it. progress: where a stream stands that goes on,
  // which is moved on with every step. Throws UserError for adapters that do not fit the encoder,
  // and fewer than three experts to merge.
  StreamLearner(const ContinualRecipe& recipe, std::shared_ptr<const FrozenEncoder> encoder,
                const StreamSamples& samples, ContinualProgress& progress);
  StreamLearner(const StreamLearner&) = delete;
  StreamLearner& operator=(const StreamLearner&) = delete;

  // Before the first task: measures the untouched encoder.
  void start();
  // Instead, of a stream that goes on: what tensors() gave when it stood where progress says.
  void restore(const SafetensorsFile& file);

  // Experts are frozen and appended, as the recipe says, and the next task gets its gates.
  void begin_task();
  bool task_done() const { return learner_.done(); }
  Tensor run_step();  // of the task that has begun -> its loss, a scalar on the device
  void end_task();    // freezes what it learned, and measures

  // Weights, moments and counts: live storage.
  NamedTensors tensors() const;
  // Brings progress up to date where it is not with every step: experts, frozen ones, merges.
  void take_stock();
  const std::vector<MergeEntry>& journal() const { return merging_.journal(); }
  int64_t parameters() const;  // how many numbers

 private:
  uint64_t seed() const { return static_cast<uint64_t>(recipe_.train.seed); }
  bool is_added(int64_t task) const { return task >= progress_.streamed; }
  // Between two tasks tensors() are of the one that was learned last.
  int64_t learner_task() const { return progress_.begun ? progress_.task : progress_.task - 1; }
  std::vector<TaskSamples> kept_of(int64_t task) const;
  void begin_learner(int64_t task);

  const ContinualRecipe& recipe_;
  std::shared_ptr<const FrozenEncoder> encoder_;
  const StreamSamples& samples_;
  ContinualProgress& progress_;
  std::unique_ptr<AdaptedEncoder> model_;
  TaskSelector selector_;
  ExpertMerging merging_;
  TaskLearner learner_;
  ContinualMeasure measure_;
};

}  // namespace moestro
