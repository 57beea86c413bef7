// Which task a sample belongs to, where nobody says: a small auto-encoder a task rebuilds the
// features of its own samples best. The idea is known (MoE-Adapters' auto-selector, arXiv
// 2403.11549), all numbers here are chosen.
//
//   r(x) = relu(x W + a) V + b,   error(x) = |x - r(x)|^2
//
// x: features of the untouched encoder, unit vectors [D]; so the error is D times the mean squared
// one, and 1 where nothing is rebuilt.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "moestro/nn/network.h"

namespace moestro {

struct TaskSelectorOptions {
  int64_t hidden = 0;  // of each auto-encoder; 0: a quarter of D, at least 1
  int64_t steps = 500, batch = 64;
  double rate = 2e-3;     // of Adam, constant
  double held_out = .1;   // share of a task's features that its threshold is taken from
  double quantile = .99;  // of their errors: the threshold
  uint64_t seed = 0;
};

class TaskSelector {
 public:
  TaskSelector(int64_t width, TaskSelectorOptions options);

  // Trains one more task's auto-encoder, on the device where the features are: float32 [N, D].
  // Throws UserError for fewer than two, or features that are not finite.
  void add_task(const Tensor& unit_ND);
  // Trains, or trains anew, one of what is no task's (a reference corpus, all prompts): who is
  // rebuilt better by it than by every task is sent to none. Errors as above.
  void set_reference(const Tensor& unit_ND);
  int64_t tasks() const { return std::ssize(tasks_); }

  Tensor errors(const Tensor& unit_BD) const;  // [B, T]
  // The task of the least error, int64 [B] on the features' device; -1 (the untouched encoder)
  // above that task's threshold, above the reference's error, and without tasks.
  Tensor choose(const Tensor& unit_BD) const;
  // The same, one for every `batch` rows together (the last ones may be fewer): by their mean
  // errors, under the same thresholds (as published).
  Tensor choose_by_batch(const Tensor& unit_BD, int64_t batch) const;

  // Weights and thresholds by name ("selector.0.0.weight", "selector.0.threshold",
  // "selector.reference.0.weight"), live storage, which a copy may be written into once there are
  // as many tasks: make_room() adds them untrained, on that device.
  std::vector<std::pair<std::string, Tensor>> state() const;
  void make_room(int64_t tasks, bool reference, c10::Device device);

 private:
  struct AutoEncoder {
    Network network;
    Tensor threshold;  // float32 [1]
  };
  AutoEncoder untrained(const std::string& name, c10::Device device) const;
  AutoEncoder trained(const std::string& name, const Tensor& unit_ND) const;
  Tensor verdict(const Tensor& error_BT, const Tensor& reference_B) const;
  Tensor reference_errors(const Tensor& unit_BD) const;

  int64_t width_;
  TaskSelectorOptions options_;
  std::vector<AutoEncoder> tasks_;
  std::optional<AutoEncoder> reference_;
};

}  // namespace moestro
