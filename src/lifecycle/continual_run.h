// A stream that is learned in a run folder (lifecycle/continual.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "moestro/lifecycle/continual_recipe.h"
#include "moestro/lifecycle/run_options.h"
#include "moestro/store/checkpoint_store.h"
#include "run_writer.h"
#include "stream_learner.h"

namespace moestro {

class MetricsLog;
class Progress;

class ContinualRun {
 public:
  // Both must outlive it.
  ContinualRun(const ContinualDocument& document, const RunOptions& options)
      : document_(document), recipe_(document.recipe), options_(options) {}

  // added: the last task of the recipe joins a run that is there. Throws as run_stream().
  void run(bool added = false);

 private:
  const RunFolder& folder() const { return writer_->folder(); }
  int64_t tasks() const { return std::ssize(recipe_.stream.tasks); }
  int64_t total_step() const { return progress_.task * recipe_.stream.steps + progress_.step; }
  void open_writer();
  void open_checkpoint();
  bool is_whole() const;
  void prepare();
  void learn_all();
  void learn_task(Progress& bar, MetricsLog& metrics);
  void end_task();
  void save();
  void write_merges() const;
  void write_summary() const;

  const ContinualDocument& document_;
  const ContinualRecipe& recipe_;
  const RunOptions& options_;
  int64_t threads_ = 0;
  c10::Device device_ = c10::kCPU;
  ContinualProgress progress_;
  std::optional<Checkpoint> checkpoint_;
  StreamSamples samples_;
  std::optional<StreamLearner> learner_;
  std::unique_ptr<RunWriter> writer_;
};

}  // namespace moestro
