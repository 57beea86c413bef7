// A mixture of adapters beside a frozen layer (MoE-Adapters, Yu et al. 2024, arXiv 2403.11549): one
// bank of experts for all tasks, and a gate for each task.
//
//   y = s (sum_k w_k e_k(x) + sum_j h_j(x)),   e(x) = drop(relu(x U + a)) D + b
//
// U [D, F] and D [F, D] are what the paper calls W_down and W_up; h_j: shared experts.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "moestro/nn/gate.h"
#include "moestro/nn/mixture_layer.h"

namespace moestro {

struct AdapterShape {
  int64_t width = 0;                      // D, of the layer that they stand beside
  int64_t experts = 22, hidden = 64;      // E, F
  double dropout = .1;                    // of the hidden layer, in training
  double scale = .1;                      // s
  int64_t shared = 0;                     // experts that every row of every task meets
  bool shared_gate = false;               // each multiplied by a sigmoid of the row
  GateConfig gate{.kind = "noisy_topk"};  // of every task
  // In the place of gates that choose: none; task t has expert t for itself, and those of tasks to
  // come are frozen until then; or the layer has one expert, which every task learns and meets.
  enum class Choice { gate, own, common } choice = Choice::gate;
};

class AdapterLayer {
 public:
  // D and the biases are zero at the start (FeedForwardStart::adapter), so that an untrained layer
  // adds 0. Tensors "<name>.experts.up.weight" ..., "<name>.gate.<task>....", "<name>.shared....".
  AdapterLayer(const AdapterShape& shape, const std::string& name, uint64_t seed);

  // A gate over the experts that there are now, drawn by seed and name, where the bank lies and of
  // its type -> the task's number, from 0 on. It never learns of experts that come later, so that
  // these change nothing of what it decides. Throws UserError for a gate that does not fit, or that
  // cannot decide once a sentence, and for a task without an expert left to be its own.
  int64_t add_task();
  int64_t tasks() const { return std::ssize(gates_); }
  int64_t experts_of(int64_t task) const { return gate_of(task).experts; }  // that its gate knows

  // Whether all tasks share its one expert, which is then neither merged, frozen nor joined by
  // others from task to task.
  bool is_common() const { return shape_.choice == AdapterShape::Choice::common; }

  // How many experts must be appended for the next task to have k to learn with, or its own.
  int64_t missing(int64_t k) const;
  // Appends experts (FeedForwardBank::grow) for the tasks to come.
  void grow(int64_t more);

  // Packed rows x_ND, in whose type products are made; a sentence is sent where its first row says:
  // B decisions, and out_ENC and so on are padded to B * T rows with valid_N, and scaled. Nothing
  // for a task below 0 ("untouched"). Throws UserError for a task that was not added.
  std::optional<MixtureLayerOutput> forward(const Tensor& x_ND, const Packing& rows, int64_t task,
                                            const ForwardContext& context,
                                            const TraceNeeds& needs) const;

  const std::string& name() const { return name_; }
  FeedForwardBank& bank() { return bank_; }
  const FeedForwardBank& bank() const { return bank_; }
  FeedForwardBank* shared() { return shared_ ? &shared_->bank() : nullptr; }
  Gate& gate(int64_t task) { return *gate_of(task).gate; }

  void freeze(int64_t expert, bool frozen = true) { bank_.freeze(expert, frozen); }
  void freeze_gate(int64_t task, bool frozen = true) { gate(task).freeze(frozen); }

  // What the task's gate scores expert k by, and draws its noise by, becomes the mean of i's and
  // j's. Of a gate that ends in one score an expert: not of a fixed one.
  void average_scoring(int64_t task, int64_t i, int64_t j, int64_t k);

  // What training a task moves: the bank, shared experts, and the task's gate (none below 0).
  std::vector<Parameter> parameters(int64_t task) const;
  std::vector<Parameter> parameters() const;  // with all gates
  std::vector<Buffer> buffers() const;
  std::vector<std::string> describe() const;

 private:
  struct TaskGate {
    std::unique_ptr<Gate> gate;
    int64_t experts;
  };
  const TaskGate& gate_of(int64_t task) const;
  std::unique_ptr<Gate> make_task_gate() const;
  bool has_own() const { return shape_.choice == AdapterShape::Choice::own; }
  std::string gate_name(int64_t task) const;

  AdapterShape shape_;
  std::string name_;
  uint64_t seed_;
  FeedForwardBank bank_;
  std::optional<SharedExperts> shared_;
  std::vector<TaskGate> gates_;
};

}  // namespace moestro
