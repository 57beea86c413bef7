// The arithmetic of expert_conv.h on a CUDA device: plain memory, no LibTorch. Images stand
// channels last, bfloat16 [images, height, width, experts * channels]; weights are float32
// [experts, out, in, 3, 3] and rounded to bfloat16 as they are read; sums are float32. Pointers are
// the device's; work is put into the stream (a cudaStream_t).
#pragma once

#include <cstdint>

namespace moestro {

struct ExpertConvShape {
  int64_t images, height, width, experts, in, out;  // in and out: channels of an expert
};

// Whether the current device takes the shape: bfloat16 in its matrix units, and room for a block.
bool expert_conv_fits(const ExpertConvShape& shape);

// y[n, p, e, o] = sum over i and t of x[n, p + t, e, i] w[e, o, i, t], t: -1 to 1 along both sides;
// what lies outside is zero.
struct ExpertConvForward {
  ExpertConvShape shape;
  const void* x;
  const float* weight;
  void* y;
};
void expert_conv_forward(const ExpertConvForward& work, void* stream);

// grad_x[n, p, e, i] = sum over o and t of grad_y[n, p - t, e, o] w[e, o, i, t].
struct ExpertConvImages {
  ExpertConvShape shape;
  const void* grad_y;
  const float* weight;
  void* grad_x;
};
void expert_conv_images(const ExpertConvImages& work, void* stream);

// grad_weight[e, o, i, t] = sum over n and p of grad_y[n, p, e, o] x[n, p + t, e, i]; sums of
// pieces stand in partial, of expert_conv_partial() floats.
struct ExpertConvWeights {
  ExpertConvShape shape;
  const void *x, *grad_y;
  float *partial, *grad_weight;
};
int64_t expert_conv_partial(const ExpertConvShape& shape);
void expert_conv_weights(const ExpertConvWeights& work, void* stream);

}  // namespace moestro
