// A gate maps a sample to a distribution over experts. One gate a file, behind this interface.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "moestro/nn/cost.h"
#include "moestro/nn/forward_context.h"
#include "moestro/nn/gate_config.h"
#include "moestro/nn/layer_spec.h"
#include "moestro/nn/parameter.h"
#include "moestro/nn/routing.h"

namespace moestro {

class Beside;

struct GateInput {
  Tensor x;           // [B, C, H, W] or [B, D]
  Tensor hidden_EBF;  // the experts' hidden layers, defined when needs_hidden()
  // Where the experts are computed at the same time: waited for before hidden_EBF is read.
  Beside* experts = nullptr;
};

class Gate {
 public:
  virtual ~Gate() = default;
  virtual Routing route(const GateInput& input, const ForwardContext& context) const = 0;

  virtual bool needs_hidden() const { return false; }
  // K, of a gate that gives a row some of the experts only.
  virtual std::optional<int64_t> chosen() const { return {}; }
  bool sparse() const { return chosen().has_value(); }
  // Moves what is not learned by gradient (the bias of the balanced sigmoid gate) after a training
  // step; called with the step's routing.
  virtual void after_step(const Routing&) {}

  virtual std::vector<Parameter> parameters() const { return {}; }
  virtual std::vector<Buffer> buffers() const { return {}; }
  // Which kernels its layers run on, a line each.
  virtual std::vector<std::string> describe() const { return {}; }
  // Of one decision.
  virtual Cost cost() const { return {}; }
  // Frozen: no gradient for the gate's parameters, batch norm with running statistics, dropout and
  // noise off, no step of the balance bias.
  virtual void freeze(bool) {}
};

struct GateSetting {
  Shape input;                // of one sample
  int64_t experts = 1;        // E
  int64_t expert_hidden = 0;  // width of the experts' hidden layer that it reads; 0: none
  uint64_t seed = 0;
  std::string where;                       // of gate.layers, for errors
  int64_t classes = 0;                     // of the task; 0: regression
  std::string name = "gate";               // of its tensors: "<name>.<layer>.weight"
  std::vector<InputSpan> categories = {};  // of the samples
};

// Throws UserError for a trunk that does not fit, k above E, or an attentive gate over experts
// without a hidden layer. Tensors are named "<name>.<layer>.weight", "<name>.query.weight", ...
std::unique_ptr<Gate> make_gate(const GateConfig& config, const GateSetting& setting);

// To how many of E experts such a gate sends a row: K, or all.
int64_t experts_a_row(const GateConfig& config, int64_t experts);

// Sends every row to that one of E experts, with weight 1; nothing is learned.
std::unique_ptr<Gate> make_single_gate(int64_t expert, int64_t experts);

// Sends each row to the first choice of a gate that does not read the experts, with weight 1
// (top_one()), so that one expert a row is computed.
std::unique_ptr<Gate> make_top_one_gate(std::unique_ptr<Gate> gate);

// A frozen routing: the same for every batch, which must have as many rows.
std::unique_ptr<Gate> make_frozen_gate(Routing routing);

}  // namespace moestro
