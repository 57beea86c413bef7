// Adam, AdamW and SGD over LibTorch's fused operators, RMSprop over its foreach operators, with
// frozen experts held exactly still: no moment, step count or weight decay touches a frozen slice.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "moestro/nn/parameter.h"
#include "moestro/train/train_config.h"

namespace moestro {

class Optimiser {
 public:
  // Adam's first beta is .9, epsilon 1e-8; RMSprop's average of squares keeps .99, and its
  // epsilon stands outside the root, as PyTorch has it.
  Optimiser(std::vector<Parameter> parameters, const TrainConfig& config);

  void zero_gradients();
  // The norm of the gradient over all slices that are not frozen, a scalar on its device; above
  // `clip` (when not 0) the gradient is scaled down to it.
  Tensor clip_gradients(double clip);
  // One update from the parameters' gradients; a parameter without a gradient stays. Gates (names
  // with a part "gate") go at train.gate_rate times this rate. The parts of it: the rate, which
  // lies on the device; the update there, which may be captured and replayed (core/device_graph.h);
  // the count of updates on the host.
  void step(double rate);
  void set_rate(double rate);
  void update();
  void count_update();

  // Forgets what was gathered for one expert of the bank of that name: moments and step count.
  void clear(const std::string& bank, int64_t expert);

  // Moments and step counts by name ("optimiser.experts.0.weight.mean"), live storage; whoever
  // writes into it calls after_restore().
  std::vector<std::pair<std::string, Tensor>> state() const;
  void after_restore();

 private:
  enum class Kind { adam, adamw, sgd, rmsprop };
  struct Slot {
    Parameter parameter;
    Tensor mean, square;             // [E, ...]; sgd, rmsprop: mean is the momentum buffer, if any
    Tensor steps_E;                  // float32, updates a slice has had
    std::vector<int64_t> updates_E;  // the same on the host
    size_t group = 0;                // place in groups_
  };
  // Parameters that go at the same rate.
  struct Group {
    double factor;
    Tensor rate;  // a tensor, so that a step can be captured
  };
  // Consecutive experts [first, first + count) that are updated alike.
  struct Run {
    int64_t first, count;
  };
  struct Lists;

  std::vector<Run> runs(const Slot& slot) const;
  Lists lists_of(size_t group) const;
  void update(Lists& lists, const Tensor& rate) const;
  void update_by_rmsprop(Lists& lists, const Tensor& rate) const;

  Kind kind_;
  double beta2_, weight_decay_, momentum_;
  std::vector<Slot> slots_;
  std::vector<Group> groups_;  // gates are the second, where their rate is another
};

}  // namespace moestro
