// Networks for tests: the layer lists of the published set-ups, and networks in float64.
#pragma once

#include "gradient_check.h"
#include "moestro/nn/network.h"

namespace moestro::testing {

inline const std::vector<std::string> kMnistExpert = {
    "conv 1 3", "relu", "maxpool 2", "linear 5", "relu", "linear 32", "relu", "linear classes"};

inline const ForwardContext kTraining = {true, 7, 3}, kEvaluation = {false, 7, 3};

inline std::vector<LayerSpec> specs_of(const std::vector<std::string>& layers, const Shape& input,
                                       int64_t outputs = 10) {
  return parse_layers(layers, input, {"layers", "classes", outputs});
}

// Tensors "net.0.weight", ...
inline Network network(const std::vector<std::string>& layers, const Shape& input, int64_t experts,
                       std::shared_ptr<const FreezeMask> frozen = nullptr, int64_t outputs = 10) {
  Network made(specs_of(layers, input, outputs), {"net", experts, 1, std::move(frozen)});
  convert(made.parameters(), made.buffers(), at::kDouble);
  return made;
}

inline Tensor value_of(const Network& network, const std::string& name) {
  for (const Parameter& parameter : network.parameters())
    if (parameter.name == "net." + name) return parameter.value;
  for (const Buffer& buffer : network.buffers())
    if (buffer.name == "net." + name) return buffer.value;
  return Tensor();
}

inline std::vector<Tensor> values_of(const Network& network) {
  std::vector<Tensor> values;
  for (const Parameter& parameter : network.parameters()) values.push_back(parameter.value);
  return values;
}

inline Tensor forward_all(const Network& network, const Tensor& x, const ForwardContext& context) {
  return network.forward(x, {0, network.experts()}, context).out_ENC;
}

// The largest difference; infinity for other shapes.
inline double distance(const Tensor& a, const Tensor& b) {
  if (a.sizes() != b.sizes()) return INFINITY;
  return a.numel() == 0 ? 0 : (a - b).abs().max().item<double>();
}

}  // namespace moestro::testing
