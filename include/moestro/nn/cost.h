// What a pass over one sample takes in evaluation, by formula, whatever the kernels do.
#pragma once

#include <vector>

#include "moestro/nn/layer_spec.h"
#include "moestro/nn/parameter.h"

namespace moestro {

struct Cost {
  // Two a multiply-add of products, convolutions (borders as if full) and attention (q k^T and its
  // product with v, of a causal one the pairs that are looked at); nothing else counts.
  double operations = 0;
  double weights = 0;  // learned numbers that are read, each counted once

  Cost& operator+=(const Cost& other);
  // The operations so many times, and the weights of so many.
  Cost times(double more_operations, double more_weights) const;
};

// Through one network of such layers.
Cost cost_of(const std::vector<LayerSpec>& specs);

// Linear maps [E, in, out] of `rows` rows each; tensors of fewer axes (biases) are read only.
Cost cost_of_products(const std::vector<Parameter>& maps, double rows);
Cost cost_of_reading(const std::vector<Parameter>& parameters);

}  // namespace moestro
