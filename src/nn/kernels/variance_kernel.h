// What expert_variance.h computes, on plain memory: L = lane_count(path) samples, a block, side by
// side in the lanes of a vector.
#pragma once

#include "expert_outputs.h"
#include "vector_path.h"

namespace moestro {

struct VarianceWork {
  MixShape shape;
  MixPlaces places;        // of out and of grad
  bool log_probabilities;  // of log softmax(out), not of out
  const float* out;
  float* grad;   // half the gradient of the sum of squares; null: not wanted
  double* sums;  // [blocks, 2]: squared deviations over experts and classes; squared means over
                 // classes
};
void variance(VectorPath path, const VarianceWork& work, int64_t first, int64_t last);

}  // namespace moestro
