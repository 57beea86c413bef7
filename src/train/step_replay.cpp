#include "moestro/train/step_replay.h"

#include <array>

#include <ATen/Functions.h>

#include "moestro/core/error.h"
#include "moestro/core/log.h"

namespace moestro {
namespace {

// Steps before: LibTorch chooses kernels and takes memory at the first.
constexpr int64_t kStepsBefore = 3;

constexpr std::array kParts = {&Batch::inputs, &Batch::targets_N, &Batch::rows_N};

}  // namespace

const StepOutcome& StepReplay::operator()(const Batch& batch) {
  if (!replays_) return computed(batch);
  if (!fits(batch)) {
    if (captured()) return computed(batch);
    held_ = batch;
    alike_ = 0;
  }
  if (alike_ < kStepsBefore) {
    ++alike_;
    return computed(batch);
  }
  if (!captured()) capture(batch);
  if (!captured()) return computed(batch);
  for (const auto part : kParts)
    if ((batch.*part).defined()) (held_.*part).copy_(batch.*part);
  graph_->replay();
  return replayed_;
}

bool StepReplay::fits(const Batch& batch) const {
  for (const auto part : kParts) {
    const Tensor &held = held_.*part, &now = batch.*part;
    if (held.defined() != now.defined()) return false;
    if (now.defined() && held.sizes() != now.sizes()) return false;
  }
  return true;
}

const StepOutcome& StepReplay::computed(const Batch& batch) {
  computed_ = {};  // not beside the next one in memory
  computed_ = compute_(batch);
  return computed_;
}

void StepReplay::give_up(const char* reason) {
  log_warning("steps are launched anew, since one could not be captured: {}", reason);
  replays_ = false;
  replayed_ = {};
}

void StepReplay::capture(const Batch& batch) {
  for (const auto part : kParts)
    if ((batch.*part).defined()) held_.*part = (batch.*part).clone();
  computed_ = {};
  DeviceGraph graph;
  try {
    graph.capture([&] { replayed_ = compute_(held_); });
  } catch (const c10::Error& error) {
    return give_up(error.what_without_backtrace());
  } catch (const UserError&) {
    throw;
  } catch (const std::runtime_error& error) {  // our own kernels'
    return give_up(error.what());
  }
  log_verbose("training steps are replayed");
  graph_ = std::move(graph);
}

}  // namespace moestro
