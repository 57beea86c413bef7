#include "stream_learner.h"

#include "moestro/core/log.h"
#include "stream_model.h"

namespace moestro {

StreamLearner::StreamLearner(const ContinualRecipe& recipe,
                             std::shared_ptr<const FrozenEncoder> encoder,
                             const StreamSamples& samples, ContinualProgress& progress)
    : recipe_(recipe),
      encoder_(std::move(encoder)),
      samples_(samples),
      progress_(progress),
      model_(make_stream_model(recipe, encoder_, progress)),
      selector_(encoder_->width(), TaskSelectorOptions{.seed = seed()}),
      merging_(*model_, recipe.merge, seed()),
      learner_(*model_, merging_,
               LearnerOptions{recipe.stream.steps, recipe.stream.batch,
                              recipe.stream.label_smoothing, recipe.stream.scale, recipe.train}),
      measure_(*model_, samples.measured, samples.measured_unit, recipe.stream.scale,
               recipe.stream.batch) {
  if (progress.begun && is_added(progress.task)) model_->freeze_shared();
}

void StreamLearner::start() {
  if (samples_.reference_unit.defined()) selector_.set_reference(samples_.reference_unit);
  progress_.rows.push_back(measure_.row(selector_, 0));
}

void StreamLearner::restore(const SafetensorsFile& file) {
  if (learner_task() >= 0) begin_learner(learner_task());
  selector_.make_room(progress_.task, samples_.reference_unit.defined(), encoder_->device());
  moestro::restore(file, tensors());
  if (progress_.begun) learner_.resume(progress_.step);
  merging_.set_journal(progress_.journal);
  measure_.complete(progress_.rows);
}

// What is left of the tasks before it, to be learned again. For a task that was added nothing: all
// that those are answered with is frozen.
std::vector<TaskSamples> StreamLearner::kept_of(int64_t task) const {
  std::vector<TaskSamples> kept;
  if (recipe_.stream.replay == 0 || is_added(task)) return kept;
  for (size_t t = 0; t < static_cast<size_t>(task); ++t)
    kept.push_back(
        keep_share(samples_.train[t], recipe_.stream.replay, seed(), samples_.tasks[t].name));
  return kept;
}

void StreamLearner::begin_learner(int64_t task) {
  const auto t = static_cast<size_t>(task);
  learner_.begin(task, samples_.tasks[t].name, samples_.train[t], kept_of(task));
}

void StreamLearner::begin_task() {
  if (is_added(progress_.task)) model_->freeze_experts();
  for (const int64_t more :
       grow_if_needed(*model_, recipe_.adapter.k, appended_at_once(recipe_.adapter)))
    if (more > 0) log_verbose("task {}: {} experts are appended", progress_.task + 1, more);
  model_->add_task();
  begin_learner(progress_.task);
  progress_.begun = true;
  progress_.step = 0;
}

Tensor StreamLearner::run_step() {
  const Tensor loss = learner_.run_step();
  progress_.step = learner_.step();
  return loss;
}

void StreamLearner::end_task() {
  const auto t = static_cast<size_t>(progress_.task);
  ExpertUse use(*model_);
  task_scores(*model_, samples_.train[t], progress_.task, recipe_.stream.scale, &use);
  const LayerCounts counts = use.read();
  merging_.end_task(counts);
  freeze_most_used(*model_, counts, frozen_a_task(recipe_.adapter));
  model_->freeze_gates(progress_.task);
  selector_.add_task(samples_.train_unit[t]);
  ++progress_.task;
  progress_.begun = false;
  progress_.step = 0;
  progress_.rows.push_back(measure_.row(selector_, progress_.task));
}

NamedTensors StreamLearner::tensors() const {
  NamedTensors all = model_tensors(*model_);
  if (learner_task() >= 0)
    for (const auto& [name, tensor] : learner_.state()) all.emplace_back(name, tensor);
  for (const auto& [name, tensor] : selector_.state()) all.emplace_back(name, tensor);
  return all;
}

void StreamLearner::take_stock() {
  progress_.look_at(*model_);
  progress_.journal = merging_.journal();
}

int64_t StreamLearner::parameters() const {
  int64_t all = 0;
  for (const Parameter& parameter : model_->parameters()) all += parameter.value.numel();
  return all;
}

}  // namespace moestro
