#include "moestro/train/task_learner.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "moestro/core/error.h"
#include "moestro/core/random.h"
#include "moestro/objective/task_loss.h"

namespace moestro {
namespace {

// Reading a loss back makes a GPU wait: there only every so many steps.
constexpr int64_t kStepsBetweenChecks = 50;

}  // namespace

TaskLearner::TaskLearner(AdaptedEncoder& model, ExpertMerging& merging, LearnerOptions options)
    : model_(model),
      merging_(merging),
      options_(std::move(options)),
      schedule_(options_.train, options_.steps) {}

void TaskLearner::begin(int64_t task, std::string name, const TaskTexts& texts) {
  MOESTRO_CHECK(task + 1 == model_.tasks() && texts.texts.texts() > 0);
  task_ = task;
  name_ = std::move(name);
  texts_ = &texts;
  step_ = 0;
  optimiser_.emplace(model_.parameters(task), options_.train);
  merging_.begin_task(task, *optimiser_);
}

// Texts in an order drawn anew each time round; a batch may hold the end of one and the beginning
// of the next.
Tensor TaskLearner::rows_of_step() const {
  const int64_t texts = texts_->texts.texts();
  const int64_t batch = std::min(options_.batch, texts), begin = step_ * batch;
  const int64_t round = begin / texts;
  const auto order = [&](int64_t of) {
    return permutation({static_cast<uint64_t>(options_.train.seed), Stream::order, name_,
                        static_cast<uint64_t>(of)},
                       texts);
  };
  const Tensor both = at::cat({order(round), order(round + 1)});
  return both.narrow(0, begin - round * texts, batch);
}

Tensor TaskLearner::run_step() {
  const at::AutoGradMode gradients(true);
  const Tensor rows_B = rows_of_step();
  const TokenBatch batch = select_texts(texts_->texts, rows_B);
  const c10::Device device = model_.encoder().device();
  const Packing rows(batch.lengths_B, device);
  const Tensor targets_B = texts_->targets_N.index_select(0, rows_B).to(device);
  // Noise is keyed by the step of the whole stream.
  const ForwardContext context{.training = true,
                               .seed = static_cast<uint64_t>(options_.train.seed),
                               .step = static_cast<uint64_t>(task_ * options_.steps + step_)};
  const AdaptedOutput output = model_.forward(batch.ids_N.to(device), rows, task_, context);
  const Tensor scores_BC = options_.scale * output.unit_BD.matmul(texts_->prompts_CD.t());
  LossTerms loss;
  loss.total = expectation_loss(scores_BC, targets_B, OutputKind::logits, options_.label_smoothing);
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

Tensor task_scores(const AdaptedEncoder& model, const TaskTexts& texts, int64_t task, double scale,
                   ExpertUse* use) {
  const at::NoGradGuard no_gradients;
  const c10::Device device = model.encoder().device();
  const Tensor scores_NC = at::empty({texts.texts.texts(), texts.prompts_CD.size(0)}, at::kFloat);
  for (const Tensor& rows_B :
       batches_by_length(texts.texts.lengths_N(), model.encoder().batch_tokens())) {
    const TokenBatch batch = select_texts(texts.texts, rows_B);
    const Packing rows(batch.lengths_B, device);
    const AdaptedOutput output = model.forward(batch.ids_N.to(device), rows, task, {});
    if (use && task >= 0) use->add(output.traces);
    scores_NC.index_copy_(0, rows_B, (scale * output.unit_BD.matmul(texts.prompts_CD.t())).cpu());
  }
  return scores_NC;
}

}  // namespace moestro
