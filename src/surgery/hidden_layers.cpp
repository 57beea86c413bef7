#include "moestro/surgery/hidden_layers.h"

#include <fmt/format.h>

#include "moestro/core/error.h"

namespace moestro {
namespace {

using Role = HiddenLayer::Role;

size_t output_layer(const std::vector<LayerSpec>& specs) {
  for (size_t i = specs.size(); i-- > 0;)
    if (has_weights(specs[i])) return i;
  return specs.size();
}

void add(HiddenLayer& layer, Role role, HiddenAxis::Part part) {
  layer.axis.parts.push_back(std::move(part));
  layer.roles.push_back(role);
}

std::string tensor(const LayerSpec& spec, const char* name) {
  return fmt::format("{}.{}", spec.index, name);
}

// A channel that was flattened is a block of rows of the next linear layer.
void add_reader(HiddenLayer& layer, const LayerSpec& spec) {
  const bool conv = spec.kind == LayerKind::conv;
  const int64_t block = spec.in.at(0) / layer.axis.units;
  MOESTRO_CHECK(block * layer.axis.units == spec.in.at(0));
  add(layer, Role::reads, {tensor(spec, "weight"), conv ? 1 : 0, 0, block, block});
}

HiddenLayer made_by(const LayerSpec& spec) {
  HiddenLayer layer;
  layer.axis.units = spec.size;
  add(layer, Role::makes, {tensor(spec, "weight"), spec.kind == LayerKind::conv ? 0 : 1});
  if (spec.bias) add(layer, Role::makes, {tensor(spec, "bias")});
  return layer;
}

void add_batch_norm(HiddenLayer& layer, const LayerSpec& spec) {
  // Behind a flatten a channel has a block of statistics.
  const int64_t block = spec.in.at(0) / layer.axis.units;
  for (const char* name : {"weight", "bias"})
    add(layer, Role::makes, {tensor(spec, name), 0, 0, block, block});
  for (const char* name : {"running_mean", "running_var"})
    add(layer, Role::describes, {tensor(spec, name), 0, 0, block, block});
}

}  // namespace

std::vector<HiddenLayer> hidden_layers(const std::vector<LayerSpec>& specs) {
  std::vector<HiddenLayer> layers;
  const size_t output = output_layer(specs);
  for (size_t i = 0; i <= output && i < specs.size(); ++i) {
    const LayerSpec& spec = specs[i];
    if (spec.kind == LayerKind::batchnorm && !layers.empty()) add_batch_norm(layers.back(), spec);
    if (!has_weights(spec)) continue;
    if (!layers.empty()) add_reader(layers.back(), spec);
    if (i < output) layers.push_back(made_by(spec));
  }
  return layers;
}

std::vector<HiddenLayer> hidden_layers(const FeedForwardShape& shape) {
  HiddenLayer layer;
  layer.axis.units = shape.hidden;
  const int64_t columns = shape.kind == FeedForwardKind::swiglu ? 2 : 1;
  for (int64_t c = 0; c < columns; ++c) {
    add(layer, Role::makes, {"up.weight", 1, c * shape.hidden});
    if (shape.bias) add(layer, Role::makes, {"up.bias", 0, c * shape.hidden});
  }
  add(layer, Role::reads, {"down.weight", 0});
  return {layer};
}

TensorPlace place_of(const std::string& tensor, const std::vector<HiddenLayer>& layers) {
  TensorPlace place;
  for (size_t l = 0; l < layers.size(); ++l)
    for (size_t p = 0; p < layers[l].roles.size(); ++p) {
      const HiddenAxis::Part& part = layers[l].axis.parts[p];
      if (part.tensor != tensor) continue;
      if (layers[l].roles[p] == Role::reads) {
        place.read = static_cast<int64_t>(l);
        place.read_part = part;
      } else {
        place.own = static_cast<int64_t>(l);
        place.own_parts.push_back(part);
      }
    }
  return place;
}

}  // namespace moestro
