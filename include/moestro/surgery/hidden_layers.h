// The hidden layers of an expert, from the input on: which entries of which tensors make each of
// their units, and which read it.
#pragma once

#include <string>
#include <vector>

#include "moestro/core/expert_tensors.h"
#include "moestro/core/hidden_axis.h"
#include "moestro/nn/feed_forward_bank.h"
#include "moestro/nn/layer_spec.h"

namespace moestro {

struct HiddenLayer {
  // makes: a weight into the unit, its bias, its scale; describes: what was measured of it (running
  // statistics), which belongs to the unit and tells nothing about its work; reads: a weight out of
  // it.
  enum class Role { makes, describes, reads };

  HiddenAxis axis;
  std::vector<Role> roles;  // one a part of the axis
};

// Of a network of that layer list, tensors as its bank names them ("0.weight", "3.running_mean").
// The last convolution or linear layer gives the output and is none. Linear weights are [in, out],
// convolutions [out, in, K, K].
std::vector<HiddenLayer> hidden_layers(const std::vector<LayerSpec>& specs);

// Of a feed-forward layer or adapter: one. In a packed up matrix [D, 2 F] (swiglu) a unit has two
// columns.
std::vector<HiddenLayer> hidden_layers(const FeedForwardShape& shape);

// What a tensor has to do with the hidden layers: the parts of it that make or describe units of
// one layer, and the part that reads those of the one before. -1: none.
struct TensorPlace {
  int64_t own = -1, read = -1;
  std::vector<HiddenAxis::Part> own_parts;
  HiddenAxis::Part read_part;
};
TensorPlace place_of(const std::string& tensor, const std::vector<HiddenLayer>& layers);

}  // namespace moestro
