#include "moestro/train/task_learner.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "moestro/core/error.h"
#include "moestro/core/on_device.h"
#include "moestro/core/random.h"
#include "moestro/objective/task_loss.h"

namespace moestro {
namespace {

// Reading a loss back makes a GPU wait: there only every so many steps.
constexpr int64_t kStepsBetweenChecks = 50;

// Rows of earlier tasks have noise of their own: steps that no stream gets to.
constexpr uint64_t kKeptNoise = uint64_t{1} << 40;

}  // namespace

TaskSamples select_rows(const TaskSamples& samples, const Tensor& rows_M) {
  return {samples.inputs->select(rows_M), samples.targets_N.index_select(0, rows_M),
          samples.classes_CD};
}

TaskSamples keep_share(const TaskSamples& samples, double share, uint64_t seed,
                       const std::string& name) {
  const int64_t all = samples.rows();
  const auto some = static_cast<int64_t>(std::ceil(share * static_cast<double>(all)));
  const Tensor order_N = permutation({seed, Stream::split, "kept of " + name, 0}, all);
  return select_rows(samples, order_N.narrow(0, 0, std::clamp<int64_t>(some, 1, all)));
}

TaskLearner::TaskLearner(AdaptedEncoder& model, ExpertMerging& merging, LearnerOptions options)
    : model_(model),
      merging_(merging),
      options_(std::move(options)),
      schedule_(options_.train, options_.steps) {}

void TaskLearner::begin(int64_t task, std::string name, const TaskSamples& samples,
                        std::vector<TaskSamples> kept) {
  MOESTRO_CHECK(task + 1 == model_.tasks() && samples.rows() > 0 && std::ssize(kept) <= task);
  task_ = task;
  name_ = std::move(name);
  samples_ = &samples;
  kept_ = std::move(kept);
  step_ = 0;
  optimiser_.emplace(model_.parameters(task), options_.train);
  merging_.begin_task(task, *optimiser_);
}

// Rows in an order drawn anew each time round; a batch may hold the end of one and the beginning
// of the next.
Tensor TaskLearner::rows_of_step() const {
  const int64_t all = samples_->rows();
  const int64_t batch = std::min(options_.batch, all), begin = step_ * batch;
  const int64_t round = begin / all;
  const auto order = [&](int64_t of) {
    return permutation({static_cast<uint64_t>(options_.train.seed), Stream::order, name_,
                        static_cast<uint64_t>(of)},
                       all);
  };
  const Tensor both = at::cat({order(round), order(round + 1)});
  return both.narrow(0, begin - round * all, batch);
}

AdaptedOutput TaskLearner::forward(const TaskSamples& samples, const Tensor& rows_B, int64_t task,
                                   Tensor& loss) const {
  const c10::Device device = model_.encoder().device();
  const EncoderBatch batch = samples.inputs->batch(rows_B, device);
  const Tensor targets_B = on_device(samples.targets_N.index_select(0, rows_B), device);
  // Noise is keyed by the step of the whole stream.
  const ForwardContext context{.training = true,
                               .seed = static_cast<uint64_t>(options_.train.seed),
                               .step = static_cast<uint64_t>(task_ * options_.steps + step_) +
                                       (task == task_ ? 0 : kKeptNoise)};
  AdaptedOutput output = model_.forward(batch.inputs, batch.rows, task, context);
  const Tensor scores_BC = options_.scale * output.unit_BD.matmul(samples.classes_CD.t());
  loss = expectation_loss(scores_BC, targets_B, OutputKind::logits, options_.label_smoothing);
  return output;
}

// The mean over these rows and those kept of an earlier task.
Tensor TaskLearner::with_kept(const Tensor& loss, int64_t rows) const {
  const int64_t earlier = step_ % std::ssize(kept_);
  const TaskSamples& samples = kept_[static_cast<size_t>(earlier)];
  const std::string purpose = "kept for " + name_;
  const RandomKey key{static_cast<uint64_t>(options_.train.seed), Stream::order, purpose,
                      static_cast<uint64_t>(step_)};
  const int64_t all = samples.rows(), some = std::min(options_.batch, all);
  Tensor own;
  forward(samples, permutation(key, all).narrow(0, 0, some), earlier, own);
  const auto these = static_cast<double>(rows), those = static_cast<double>(some);
  return (these * loss + those * own) / (these + those);
}

Tensor TaskLearner::run_step() {
  const at::AutoGradMode gradients(true);
  const Tensor rows_B = rows_of_step();
  LossTerms loss;
  const AdaptedOutput output = forward(*samples_, rows_B, task_, loss.total);
  if (!kept_.empty()) loss.total = with_kept(loss.total, rows_B.size(0));
  check_finite(loss.total);

  optimiser_->zero_gradients();
  loss.total.backward();
  const Tensor norm = optimiser_->clip_gradients(options_.train.clip);
  const double rate = schedule_.rate(step_);
  optimiser_->step(rate);
  model_.after_step(task_, output.traces);
  ++step_;
  merging_.after_step({step_, 1, rate, norm, loss, output.traces});
  return loss.total.detach();
}

void TaskLearner::check_finite(const Tensor& loss) const {
  const bool last = step_ + 1 == options_.steps;
  const bool time = loss.is_cpu() || last || (step_ + 1) % kStepsBetweenChecks == 0;
  if (time && !std::isfinite(loss.item<double>()))
    throw SystemError("task {}, step {}: the loss is not finite; expected a lower train.rate",
                      name_, step_ + 1);
}

std::vector<std::pair<std::string, Tensor>> TaskLearner::state() const {
  std::vector<std::pair<std::string, Tensor>> all = merging_.state();
  if (!optimiser_) return all;
  const auto moments = optimiser_->state();
  all.insert(all.end(), moments.begin(), moments.end());
  return all;
}

void TaskLearner::resume(int64_t step) {
  step_ = step;
  optimiser_->after_restore();
}

Tensor task_scores(const AdaptedEncoder& model, const TaskSamples& samples, int64_t task,
                   double scale, ExpertUse* use) {
  const at::NoGradGuard no_gradients;
  const c10::Device device = model.encoder().device();
  const Tensor scores_NC = at::empty({samples.rows(), samples.classes_CD.size(0)}, at::kFloat);
  for (const Tensor& rows_B : samples.inputs->batches(model.encoder().batch_tokens())) {
    const EncoderBatch batch = samples.inputs->batch(rows_B, device);
    const AdaptedOutput output = model.forward(batch.inputs, batch.rows, task, {});
    if (use && task >= 0) use->add(output.traces);
    scores_NC.index_copy_(0, rows_B, (scale * output.unit_BD.matmul(samples.classes_CD.t())).cpu());
  }
  return scores_NC;
}

}  // namespace moestro
