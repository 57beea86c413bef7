// A hook watches or steers training from outside the trainer: records, usage, merging.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "moestro/data/batches.h"
#include "moestro/nn/trace.h"
#include "moestro/objective/terms.h"

namespace moestro {

struct Scores {
  double loss = 0;   // of the task, without auxiliary terms
  double error = 0;  // 1 - accuracy; regression: root mean squared error in the target's units
};

struct StepReport {
  int64_t step, epoch;  // counted from 1
  double rate;
  Tensor gradient_norm;  // scalar, before clipping, on its device
  const LossTerms& loss;
  const std::vector<MixtureTrace>& traces;
};

struct EpochReport {
  int64_t step, epoch;  // counted from 1
  double seconds;
  Scores train;
  std::optional<Scores> valid;
};

class Hook {
 public:
  virtual ~Hook() = default;
  // A step may be captured on a GPU and replayed (train/step_replay.h), and this with it: it asks
  // work of the device and reads nothing back.
  virtual void after_forward(const std::vector<MixtureTrace>&, const Batch&) {}
  virtual void after_step(const StepReport&) {}
  virtual void on_epoch_end(const EpochReport&) {}

  // Called before a checkpoint that relies on what the hook has written.
  virtual void before_save() {}
  // What must survive a stop: live storage by name, saved with the checkpoint and written into when
  // a run is resumed.
  virtual std::vector<std::pair<std::string, Tensor>> state() const { return {}; }
};

}  // namespace moestro
