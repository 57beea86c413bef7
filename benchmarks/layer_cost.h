// What a layer must move and compute in one step, if it reads its inputs and writes its outputs
// once: the least that a program that works layer by layer can do.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "moestro/nn/layer_spec.h"

namespace moestro::bench {

struct Cost {
  double bytes = 0, operations = 0;
  Cost& operator+=(const Cost& other) {
    bytes += other.bytes;
    operations += other.operations;
    return *this;
  }
};

struct PassCosts {
  Cost forward, backward;
};

// The rows of the table.
inline std::string kind_of(LayerKind kind) {
  switch (kind) {
    case LayerKind::conv:
      return "convolution";
    case LayerKind::maxpool:
    case LayerKind::avgpool:
      return "pooling";
    case LayerKind::linear:
      return "linear products";
    case LayerKind::batchnorm:
      return "batch norm";
    case LayerKind::flatten:
    case LayerKind::dropout:
      return "copies and the rest";
    default:
      return "activations";
  }
}

// rows: samples times experts; input: values that arrive, once where experts share them.
inline PassCosts cost_of(const LayerSpec& spec, double rows, double experts, double input,
                         bool first) {
  constexpr double bytes = sizeof(float);
  double out = rows;
  for (const int64_t size : spec.out) out *= size;
  switch (spec.kind) {
    case LayerKind::conv:
    case LayerKind::linear: {
      const bool conv = spec.kind == LayerKind::conv;
      const double fan_in = spec.in[0] * (conv ? spec.kernel * spec.kernel : 1);
      const double weights = experts * fan_in * spec.size, work = 2 * out * fan_in;
      const double to_input = first ? 0 : 1;  // nobody asks for the gradient of the data
      return {
          {bytes * (input + weights + out), work},
          {bytes * (input + out + weights + to_input * (input + weights)), work * (1 + to_input)}};
    }
    case LayerKind::batchnorm:  // statistics first, then a second reading
      return {{bytes * 3 * out, 5 * out}, {bytes * 5 * out, 8 * out}};
    case LayerKind::maxpool:
    case LayerKind::avgpool: {
      const double windows = out * spec.size * spec.size;
      return {{bytes * (windows + out), windows}, {bytes * (windows + out), windows}};
    }
    case LayerKind::flatten:
    case LayerKind::dropout:
      return {};
    default:
      return {{bytes * 2 * out, out}, {bytes * 3 * out, out}};
  }
}

// By kind of layer; `experts` networks on the same `batch` samples.
inline std::map<std::string, PassCosts> network_cost(const std::vector<LayerSpec>& specs,
                                                     double batch, double experts) {
  std::map<std::string, PassCosts> costs;
  for (size_t i = 0; i < specs.size(); ++i) {
    double input = i == 0 ? batch : batch * experts;
    for (const int64_t size : specs[i].in) input *= size;
    LayerSpec spec = specs[i];
    const bool pooled = i + 1 < specs.size() && specs[i + 1].kind == LayerKind::maxpool;
    if (spec.kind == LayerKind::relu && pooled) spec.out = specs[i + 1].out;  // works after it too
    const PassCosts cost = cost_of(spec, batch * experts, experts, input, i == 0);
    costs[kind_of(specs[i].kind)].forward += cost.forward;
    costs[kind_of(specs[i].kind)].backward += cost.backward;
  }
  return costs;
}

}  // namespace moestro::bench
