// Training steps on a GPU, replayed: what a step asks of the device is written down once.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "moestro/core/device_graph.h"
#include "moestro/data/batches.h"
#include "moestro/nn/trace.h"
#include "moestro/objective/terms.h"

namespace moestro {

struct StepOutcome {
  std::vector<MixtureTrace> traces;
  LossTerms loss;
  Tensor gradient_norm;  // scalar, before clipping, on its device
};

class StepReplay {
 public:
  using Compute = std::function<StepOutcome(const Batch&)>;

  // compute: forward and backward pass and update. replays: it is the same work for all batches of
  // a shape, and under an OwnStream; otherwise every step is computed.
  StepReplay(Compute compute, bool replays) : compute_(std::move(compute)), replays_(replays) {}

  // Computes the step; from the fourth in a row on whose batches are of one shape it is replayed,
  // and the outcome's tensors are the same each time. A batch of another shape, the last of an
  // epoch, is computed.
  const StepOutcome& operator()(const Batch& batch);

  bool captured() const { return graph_.has_value(); }

 private:
  bool fits(const Batch& batch) const;
  const StepOutcome& computed(const Batch& batch);
  void capture(const Batch& batch);
  void give_up(const char* reason);

  Compute compute_;
  bool replays_;
  Batch held_;         // what the captured step reads; before there is one, a batch of its shape
  int64_t alike_ = 0;  // steps computed so far with batches of that shape
  StepOutcome replayed_, computed_;
  std::optional<DeviceGraph> graph_;
};

}  // namespace moestro
