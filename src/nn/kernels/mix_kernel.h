// What mix_probabilities.h computes, on plain memory: L = lane_count(path) samples, a block, side
// by side in the lanes of a vector.
#pragma once

#include "expert_outputs.h"
#include "vector_path.h"

namespace moestro {

struct MixForward {
  MixShape shape;
  MixPlaces places;  // of out
  const float* out;
  const float* weights;  // [samples, experts]
  float* normalisers;    // [blocks, experts, L]: log sum_c exp(out)
  float* mixed;          // [samples, classes]
};
void mix_forward(VectorPath path, const MixForward& work, int64_t first, int64_t last);

struct MixBackward {
  MixShape shape;
  MixPlaces places;  // of out and of grad_out
  const float *out, *weights, *normalisers, *mixed;
  const float* grad_mixed;  // [samples, classes]
  float *grad_out, *grad_weights;
};
void mix_backward(VectorPath path, const MixBackward& work, int64_t first, int64_t last);

}  // namespace moestro
