// Mean and variance of every channel of images on a CUDA device, which stand channels last: plain
// memory, no LibTorch. Pointers are the device's; work is put into the stream (a cudaStream_t).
#pragma once

#include <cstdint>

#include "number_type.h"

namespace moestro {

struct ChannelMoments {
  int64_t rows, channels;  // rows: images times pixels; channels fill packs of sixteen bytes
  NumberType type;
  const void* x;
  float* partial;          // of channel_moments_partial() floats
  float *mean, *variance;  // [channels]; the variance is the biased one
};
int64_t channel_moments_partial(int64_t rows, int64_t channels, NumberType type);
void channel_moments(const ChannelMoments& work, void* stream);

}  // namespace moestro
