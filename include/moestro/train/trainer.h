// The training loop: steps, epochs, validation, early stopping, checkpoints.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "moestro/data/batches.h"
#include "moestro/nn/model.h"
#include "moestro/objective/objective.h"
#include "moestro/store/checkpoint_store.h"
#include "moestro/train/hook.h"
#include "moestro/train/optimiser.h"
#include "moestro/train/schedule.h"
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
  };

  Trainer(Parts parts, const TrainConfig& config);

  // Goes on where the checkpoint was written. Throws UserError for one of other shapes.
  void resume(const Checkpoint& checkpoint);

  // Trains to the last epoch, or until validation has stopped improving. Throws Interrupted once
  // all is saved after a signal, SystemError with the step and the term where the loss or the
  // gradient is not finite (the weights before that step are saved, unless they are spoilt
  // already).
  void run();

  const TrainState& state() const { return state_; }

 private:
  void finish_untrained();
  void run_epoch(Progress& progress);
  void run_step(const Batch& batch);
  Guidance guidance(const Batch& batch) const;
  void count(const Tensor& answers_N, const LossTerms& loss, const Tensor& mixed_NC);
  bool time_to_check() const;  // reading a number back makes a GPU wait
  void check_finite(const LossTerms& loss);
  [[noreturn]] void fail(const std::string& term);
  void end_epoch();
  [[noreturn]] void stop() const;
  void read_sums();
  void save();
  bool patience_is_over() const;
  NamedTensors tensors() const;

  Parts parts_;
  TrainConfig config_;
  TrainState state_;
  Tensor loss_sum_, error_sum_;  // of the running epoch, on the device
  bool loss_on_cpu_ = true;
  int64_t saved_step_ = -1;  // none yet
  double saved_at_ = 0;      // seconds of a steady clock
};

}  // namespace moestro
