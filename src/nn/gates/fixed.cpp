#include <cmath>

#include <ATen/ATen.h>

#include "gates.h"
#include "moestro/core/error.h"

namespace moestro {
namespace {

Tensor fixed_weights(const GateConfig& config, int64_t experts) {
  if (config.weights.empty())
    return at::full({experts}, 1.0 / static_cast<double>(experts), at::kFloat);
  if (static_cast<int64_t>(config.weights.size()) != experts)
    throw UserError("gate.weights has {} entries; expected {}, one an expert",
                    config.weights.size(), experts);
  double sum = 0;
  for (const double weight : config.weights) {
    if (!(weight >= 0) || !std::isfinite(weight))
      throw UserError("gate.weights: {}; expected numbers of at least 0", weight);
    sum += weight;
  }
  if (sum == 0) throw UserError("gate.weights are all 0; expected at least one above 0");
  return (at::tensor(config.weights, at::kDouble) / sum).to(at::kFloat);
}

class FixedGate : public Gate {
 public:
  FixedGate(const std::string& name, Tensor weights_E)
      : name_(name + ".weights"), weights_E_(std::move(weights_E)) {}

  Routing route(const GateInput& input, const ForwardContext&) const override {
    const Tensor weights_BE = weights_E_.expand({input.x.size(0), weights_E_.size(0)});
    return dense_routing(weights_BE, weights_BE);
  }

  // A buffer, so that the weights go where the model goes.
  std::vector<Buffer> buffers() const override { return {{name_, weights_E_}}; }

 private:
  std::string name_;
  Tensor weights_E_;
};

class FrozenGate : public Gate {
 public:
  explicit FrozenGate(Routing routing) : routing_(std::move(routing)) {}

  std::optional<int64_t> chosen() const override {
    return routing_.dense() ? std::nullopt : std::optional(routing_.experts_BK.size(1));
  }

  Routing route(const GateInput& input, const ForwardContext&) const override {
    if (input.x.size(0) != routing_.probs_BE.size(0))
      throw UserError("frozen gate: a batch of {} rows; expected the {} it was made for",
                      input.x.size(0), routing_.probs_BE.size(0));
    return routing_;
  }

 private:
  Routing routing_;
};

}  // namespace

std::unique_ptr<Gate> make_fixed_gate(const GateConfig& config, const GateSetting& setting) {
  return std::make_unique<FixedGate>(setting.name, fixed_weights(config, setting.experts));
}

std::unique_ptr<Gate> make_frozen_gate(Routing routing) {
  return std::make_unique<FrozenGate>(std::move(routing));
}

}  // namespace moestro
