#include "moestro/train/trainer.h"

#include <algorithm>
#include <cmath>

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include "moestro/core/error.h"
#include "moestro/core/interrupt.h"
#include "moestro/core/progress.h"
#include "moestro/data/answers.h"
#include "moestro/train/checkpoint.h"

namespace moestro {
namespace {

constexpr double kSecondsBetweenCheckpoints = 60;
// Sooner after the last checkpoint than so many times what that one took none is written, unless it
// took next to nothing: large models with short epochs would mostly write.
constexpr double kTimesOfSaving = 10, kNextToNothing = .2;
// Reading a loss back makes a GPU wait: there only every so many steps.
constexpr int64_t kStepsBetweenChecks = 50;

bool is_finite(const Tensor& scalar) {
  return std::isfinite(scalar.item<double>());
}

// Wrong samples, or squared errors, of a batch: a scalar on its device.
Tensor batch_error(const Tensor& mixed_NC, const Tensor& targets_N) {
  if (targets_N.is_floating_point()) return (mixed_NC.squeeze(1) - targets_N).square().sum();
  return mixed_NC.argmax(1).ne(targets_N).sum();
}

}  // namespace

Trainer::Trainer(Parts parts, const TrainConfig& config)
    : parts_(std::move(parts)),
      config_(config),
      device_(parts_.model.parameters().front().value.device()),
      steps_([this](const Batch& batch) { return compute(batch); },
             parts_.alike && config.capture && DeviceGraph::possible(device_)) {}

void Trainer::resume(const Checkpoint& checkpoint) {
  restore(checkpoint.file, tensors());
  parts_.optimiser.after_restore();
  state_ = TrainState::from_json(checkpoint.state);
  saved_step_ = state_.step;
}

void Trainer::run() {
  saved_at_ = parts_.now();
  if (config_.epochs == 0) return finish_untrained();
  const OwnStream stream(device_);
  const at::TensorOptions sums = at::TensorOptions().dtype(at::kDouble).device(device_);
  loss_sum_ = at::full({}, state_.loss_sum, sums);
  error_sum_ = at::full({}, state_.error_sum, sums);
  Progress progress(parts_.name, config_.epochs * parts_.batches.steps_per_epoch(), "steps");
  while (!state_.finished) run_epoch(progress);
}

// A network that is kept as it is has a checkpoint, too.
void Trainer::finish_untrained() {
  state_.finished = true;
  save();
}

void Trainer::run_epoch(Progress& progress) {
  const at::AutoGradMode gradients(true);
  progress.label(fmt::format("{} epoch {}/{}", parts_.name, state_.epoch + 1, config_.epochs));
  parts_.batches.start(state_.epoch, state_.batch);
  double started = parts_.now();
  while (const std::optional<Batch> batch = parts_.batches.next()) {
    run_step(*batch);
    started = count_time(started);
    progress.advance(state_.step);
    // The end of the epoch looks after itself; a step is never saved twice.
    if (state_.batch == parts_.batches.steps_per_epoch()) continue;
    const bool stopping = interrupt_requested();
    const bool late = parts_.now() - saved_at_ > kSecondsBetweenCheckpoints;
    if (stopping || (late && saving_is_cheap())) save();
    if (stopping) stop();
  }
  read_sums();  // a GPU has steps before it still
  count_time(started);
  end_epoch();
  if (!interrupt_requested() || state_.finished) return;
  if (saved_step_ != state_.step) save();
  stop();
}

// Returns now.
double Trainer::count_time(double started) {
  const double now = parts_.now(), seconds = now - started;
  state_.seconds += seconds;
  state_.epoch_seconds += seconds;
  return now;
}

void Trainer::stop() const {
  throw Interrupted(fmt::format("stopped after step {}; --resume goes on", saved_step_));
}

void Trainer::run_step(const Batch& batch) {
  const double rate = parts_.schedule.rate(state_.step);
  parts_.optimiser.set_rate(rate);
  const StepOutcome& step = steps_(batch);
  if (!device_.is_cpu() && (state_.step + 1) % kStepsBetweenChecks == 0) {
    check_loss(step.loss);
    check_gradient(step.gradient_norm);
  }
  parts_.optimiser.count_update();
  ++state_.step;
  ++state_.batch;
  state_.samples += answers(batch.targets_N).size(0);
  for (Hook* hook : parts_.hooks)
    hook->after_step(
        {state_.step, state_.epoch + 1, rate, step.gradient_norm, step.loss, step.traces});
}

// All that a step asks of the device, and nothing that must happen in each step on the host.
StepOutcome Trainer::compute(const Batch& batch) {
  const ForwardContext context{true, static_cast<uint64_t>(config_.seed),
                               static_cast<uint64_t>(state_.step), batch.targets_N,
                               compute_type(config_)};
  const auto [mixed_NC, traces] =
      parts_.model.forward(batch.inputs, context, parts_.objective.needs());
  const double progress = (static_cast<double>(state_.step) + .5) /
                          static_cast<double>(config_.epochs * parts_.batches.steps_per_epoch());
  const LossTerms loss = parts_.objective(mixed_NC, traces, batch, guidance(batch), progress);
  if (device_.is_cpu()) check_loss(loss);
  for (Hook* hook : parts_.hooks) hook->after_forward(traces, batch);

  MOESTRO_CHECK(loss.total.requires_grad(), "every parameter is frozen");
  parts_.optimiser.zero_gradients();
  loss.total.backward();
  const Tensor norm = parts_.optimiser.clip_gradients(config_.clip);
  if (device_.is_cpu()) check_gradient(norm);
  parts_.optimiser.update();
  parts_.model.after_step(traces);
  sum_up(batch, loss, mixed_NC);
  return {traces, loss, norm};
}

Guidance Trainer::guidance(const Batch& batch) const {
  return parts_.guide ? parts_.guide(batch) : Guidance();
}

void Trainer::sum_up(const Batch& batch, const LossTerms& loss, const Tensor& mixed_NC) {
  const at::NoGradGuard no_grad;
  const Tensor answers_N = answers(batch.targets_N);
  loss_sum_.add_(loss.terms.front().value.detach(), answers_N.size(0));
  error_sum_.add_(batch_error(mixed_NC.detach(), answers_N));
}

void Trainer::check_loss(const LossTerms& loss) {
  if (is_finite(loss.total)) return;
  for (const LossTerm& term : loss.terms)
    if (!is_finite(term.value)) fail(term.name);
  fail("total");
}

void Trainer::check_gradient(const Tensor& norm) {
  if (!is_finite(norm)) fail("gradient");
}

// On a CPU the weights are still those of the step before; a GPU has gone on since, and what it
// made of them is not saved, nor what is spoilt already.
void Trainer::fail(const std::string& term) {
  const NamedTensors now = tensors();
  const bool sound = device_.is_cpu() && std::all_of(now.begin(), now.end(), [](const auto& entry) {
                       return entry.second.isfinite().all().template item<bool>();
                     });
  if (sound && saved_step_ != state_.step) save();
  const std::string kept = saved_step_ >= 0
                               ? fmt::format("the checkpoint of step {} is kept", saved_step_)
                               : std::string("there is no checkpoint yet");
  throw SystemError(
      "step {}: the {} is not finite{}; {}; a lower train.rate, or train.clip, may help",
      state_.step + 1, term == "gradient" ? "gradient" : "loss",
      term == "gradient" ? "" : fmt::format(" (term \"{}\")", term), kept);
}

void Trainer::read_sums() {
  if (!loss_sum_.defined()) return;
  state_.loss_sum = loss_sum_.item<double>();
  state_.error_sum = error_sum_.item<double>();
  if (std::isfinite(state_.loss_sum)) return;
  loss_sum_ = Tensor();  // so that saving what is left does not come here again
  fail("total");
}

void Trainer::end_epoch() {
  const auto samples = static_cast<double>(state_.samples);
  const bool values = parts_.model.output() == OutputKind::values;
  EpochReport report{state_.step, state_.epoch + 1, state_.epoch_seconds, {}, {}};
  const double unit = values ? parts_.target_deviation : 1, error = state_.error_sum / samples;
  report.train.loss = unit * unit * state_.loss_sum / samples;
  report.train.error = values ? unit * std::sqrt(error) : error;
  report.valid = parts_.validate();

  ++state_.epoch;
  state_.batch = 0;
  state_.samples = 0;
  state_.epoch_seconds = state_.loss_sum = state_.error_sum = 0;
  loss_sum_.zero_();
  error_sum_.zero_();
  const bool best = !report.valid || report.valid->loss < state_.best_loss;
  if (best) {
    state_.best_epoch = state_.epoch;
    state_.best_step = state_.step;
    if (report.valid) state_.best_loss = report.valid->loss;
  }
  for (Hook* hook : parts_.hooks) hook->on_epoch_end(report);
  state_.finished = state_.epoch == config_.epochs || patience_is_over();
  if (state_.finished || config_.patience > 0 || saving_is_cheap()) save();
}

bool Trainer::saving_is_cheap() const {
  return saving_took_ < kNextToNothing || parts_.now() - saved_at_ > kTimesOfSaving * saving_took_;
}

bool Trainer::patience_is_over() const {
  return config_.patience > 0 && state_.epoch - state_.best_epoch >= config_.patience;
}

void Trainer::save() {
  const double started = parts_.now();
  read_sums();
  for (Hook* hook : parts_.hooks) hook->before_save();
  // Only with patience every epoch has a checkpoint that may be the best.
  const bool has_best = config_.patience > 0 && state_.best_step > 0;
  const int64_t best_step = has_best ? state_.best_step : state_.step;
  parts_.checkpoints.save(state_.step, best_step, tensors(), state_.to_json());
  saved_step_ = state_.step;
  saved_at_ = parts_.now();
  saving_took_ = saved_at_ - started;
}

NamedTensors Trainer::tensors() const {
  NamedTensors tensors = model_tensors(parts_.model);
  for (auto& entry : parts_.optimiser.state()) tensors.push_back(std::move(entry));
  for (const Hook* hook : parts_.hooks)
    for (auto& entry : hook->state()) tensors.push_back(std::move(entry));
  return tensors;
}

}  // namespace moestro
