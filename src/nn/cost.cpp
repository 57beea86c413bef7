#include "moestro/nn/cost.h"

namespace moestro {
namespace {

double count(int64_t numbers) {
  return static_cast<double>(numbers);
}

// A weight is multiplied at each place of the output, which for a linear layer is one.
Cost cost_of_weights(const LayerSpec& spec, double weights) {
  const double outputs = count(spec.size), places = count(values_of(spec.out)) / outputs;
  return {2 * weights * places, weights + (spec.bias ? outputs : 0)};
}

Cost cost_of_layer(const LayerSpec& spec) {
  switch (spec.kind) {
    case LayerKind::conv:
      return cost_of_weights(spec, count(spec.size * spec.in.at(0) * spec.kernel * spec.kernel));
    case LayerKind::linear:
      return cost_of_weights(spec, count(spec.size * spec.in.at(0)));
    case LayerKind::batchnorm:
      return {0, 2 * count(spec.in.at(0))};
    case LayerKind::embed:
      return {0, count(std::ssize(spec.categories) * spec.size)};
    default:
      return {};
  }
}

}  // namespace

Cost& Cost::operator+=(const Cost& other) {
  operations += other.operations;
  weights += other.weights;
  return *this;
}

Cost Cost::times(double more_operations, double more_weights) const {
  return {operations * more_operations, weights * more_weights};
}

Cost cost_of(const std::vector<LayerSpec>& specs) {
  Cost cost;
  for (const LayerSpec& spec : specs) cost += cost_of_layer(spec);
  return cost;
}

Cost cost_of_products(const std::vector<Parameter>& maps, double rows) {
  Cost cost = cost_of_reading(maps);
  for (const Parameter& map : maps)
    if (map.value.dim() == 3) cost.operations += 2 * rows * count(map.value.numel());
  return cost;
}

Cost cost_of_reading(const std::vector<Parameter>& parameters) {
  Cost cost;
  for (const Parameter& parameter : parameters) cost.weights += count(parameter.value.numel());
  return cost;
}

}  // namespace moestro
