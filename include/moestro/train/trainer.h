// The training loop: steps, epochs, validation, early stopping, checkpoints.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "moestro/core/clock.h"
#include "moestro/data/batches.h"
#include "moestro/nn/model.h"
#include "moestro/objective/objective.h"
#include "moestro/store/checkpoint_store.h"
#include "moestro/train/hook.h"
#include "moestro/train/optimiser.h"
#include "moestro/train/schedule.h"
#include "moestro/train/step_replay.h"
#include "moestro/train/train_state.h"

namespace moestro {

class Progress;

class Trainer {
 public:
  struct Parts {
    Model& model;
    const Objective& objective;
    Optimiser& optimiser;
    const Schedule& schedule;
    Batches& batches;
    CheckpointStore& checkpoints;
    std::function<std::optional<Scores>()> validate;  // none: nothing is held out
    std::function<Guidance(const Batch&)> guide;      // what frozen networks say; may be empty
    std::vector<Hook*> hooks;
    double target_deviation = 1;  // regression: what an error in standardised units stands for
    std::string name;             // for the progress bar
    std::function<double()> now = seconds_now;  // a steady clock
    bool alike = false;  // every step is the same work (steps_are_alike()): a GPU replays it
  };

  Trainer(Parts parts, const TrainConfig& config);

  // Goes on where the checkpoint was written. Throws UserError for one of other shapes.
  void resume(const Checkpoint& checkpoint);

  // Trains to the last epoch, or until validation has stopped improving. Throws Interrupted once
  // all is saved after a signal, SystemError with the step and the term where the loss or the
  // gradient is not finite (on a CPU the weights before that step are saved, unless they are
  // spoilt already; a GPU is asked every 50 steps only, and keeps its last checkpoint).
  void run();

  const TrainState& state() const { return state_; }
  bool replays() const { return steps_.captured(); }

 private:
  void finish_untrained();
  void run_epoch(Progress& progress);
  double count_time(double started);
  void run_step(const Batch& batch);
  StepOutcome compute(const Batch& batch);
  Guidance guidance(const Batch& batch) const;
  void sum_up(const Batch& batch, const LossTerms& loss, const Tensor& mixed_NC);
  void check_loss(const LossTerms& loss);
  void check_gradient(const Tensor& norm);
  [[noreturn]] void fail(const std::string& term);
  void end_epoch();
  [[noreturn]] void stop() const;
  void read_sums();
  void save();
  bool patience_is_over() const;
  bool saving_is_cheap() const;
  NamedTensors tensors() const;

  Parts parts_;
  TrainConfig config_;
  TrainState state_;
  c10::Device device_;
  StepReplay steps_;
  Tensor loss_sum_, error_sum_;            // of the running epoch, double, on the device
  int64_t saved_step_ = -1;                // none yet
  double saved_at_ = 0, saving_took_ = 0;  // seconds, of a steady clock; the last time
};

}  // namespace moestro
