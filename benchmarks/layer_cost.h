// What a layer must move and compute in one step, if it reads its inputs and writes its outputs
// once: the least that a program that works layer by layer can do.
#pragma once

#include <algorithm>
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

// Convolution, batch norm, relu and pooling in one pass, which begins our networks: it reads the
// images, once more for batch norm's statistics (the products of all pairs of taps), and leaves a
// float and a byte a window.
inline const std::string kFirstLayers = "first layers";

inline PassCosts first_layers_cost(const LayerSpec& conv, const LayerSpec& pool, bool normalised,
                                   double batch, double experts) {
  constexpr double bytes = sizeof(float);
  double pixels = batch, windows = batch * experts, positions = batch;
  for (const int64_t size : conv.in) pixels *= size;
  for (const int64_t size : pool.out) windows *= size;
  positions *= conv.out[1] * conv.out[2];
  const double taps = conv.in[0] * conv.kernel * conv.kernel,
               work = 2 * taps * 4 * windows,  // a window takes four convolutions
      moments = normalised ? positions * taps * (taps + 1) : 0;
  const double moved = bytes * pixels + (bytes + 1) * windows;
  return {{moved + (normalised ? bytes * pixels : 0), work + moments}, {moved, work}};
}

// By kind of layer; `experts` networks on the same `batch` samples.
inline std::map<std::string, PassCosts> network_cost(const std::vector<LayerSpec>& specs,
                                                     double batch, double experts) {
  std::map<std::string, PassCosts> costs;
  size_t first = 0;
  const auto pool = std::ranges::find(specs, LayerKind::maxpool, &LayerSpec::kind);
  if (specs.front().kind == LayerKind::conv && pool != specs.end()) {
    first = pool - specs.begin() + 1;
    const bool normalised =
        std::ranges::find(specs.begin(), pool, LayerKind::batchnorm, &LayerSpec::kind) != pool;
    costs[kFirstLayers] = first_layers_cost(specs.front(), *pool, normalised, batch, experts);
  }
  for (size_t i = first; i < specs.size(); ++i) {
    double input = i == 0 ? batch : batch * experts;
    for (const int64_t size : specs[i].in) input *= size;
    const PassCosts cost = cost_of(specs[i], batch * experts, experts, input, i == 0);
    costs[kind_of(specs[i].kind)].forward += cost.forward;
    costs[kind_of(specs[i].kind)].backward += cost.backward;
  }
  return costs;
}

}  // namespace moestro::bench
