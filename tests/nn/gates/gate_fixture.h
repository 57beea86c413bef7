// Small gates in float64, and their parts by name.
#pragma once

#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/nn/gate.h"

namespace moestro::testing {

inline GateConfig gate_config(const std::string& kind, std::vector<std::string> layers = {
                                                           "linear 4", "tanh", "linear experts"}) {
  GateConfig config;
  config.kind = kind;
  config.layers = std::move(layers);
  return config;
}

// Samples of 3 values; the experts' hidden layers are 5 wide.
inline GateSetting gate_setting(int64_t experts) {
  return {{3}, experts, 5, 11, "gate.layers"};
}

inline std::unique_ptr<Gate> exact_gate(const GateConfig& config, int64_t experts) {
  std::unique_ptr<Gate> gate = make_gate(config, gate_setting(experts));
  convert(gate->parameters(), gate->buffers(), at::kDouble);
  return gate;
}

inline GateInput gate_input(int64_t rows, int64_t experts, uint64_t seed) {
  return {normal({rows, 3}, seed), normal({experts, rows, 5}, seed + 1)};
}

template <class Owner>
Tensor parameter(const Owner& owner, const std::string& name) {
  for (const Parameter& parameter : owner.parameters())
    if (parameter.name == name) return parameter.value;
  ADD_FAILURE() << "no parameter " << name;
  return {};
}

template <class Owner>
std::vector<Tensor> leaves(const Owner& owner) {
  std::vector<Tensor> values;
  for (const Parameter& parameter : owner.parameters()) values.push_back(parameter.value);
  return values;
}

// A scalar that every entry of probabilities and weights acts on.
inline Tensor probe(const Routing& routing) {
  const Tensor probs = routing.probs_BE, weights = routing.weights_BK;
  return (probs * normal(probs.sizes().vec(), 101)).sum() +
         (weights * normal(weights.sizes().vec(), 102)).sum();
}

inline const ForwardContext kTraining{true, 7, 3};
inline const ForwardContext kEvaluation{};

}  // namespace moestro::testing
