// What conv_pool.h computes, on plain memory: L = lane_count(path) samples side by side in the
// lanes of a vector, a block.
#pragma once

#include <cstdint>

#include "vector_path.h"

namespace moestro {

constexpr uint8_t kNoWinner = 4;  // relu let nothing through

struct ConvPoolShape {
  int64_t samples, channels, height, width;  // of the images
  int64_t pad, kernel;
  int64_t filters;  // of all experts together

  int64_t padded_height() const { return height + 2 * pad; }
  int64_t padded_width() const { return width + 2 * pad; }
  int64_t conv_height() const { return padded_height() - kernel + 1; }
  int64_t conv_width() const { return padded_width() - kernel + 1; }
  int64_t windows() const { return (conv_height() / 2) * (conv_width() / 2); }
  int64_t taps() const { return channels * kernel * kernel; }
  int64_t blocks(int64_t lanes) const { return (samples + lanes - 1) / lanes; }
  int64_t pixels() const { return channels * padded_height() * padded_width(); }
  // Of row r = channel * height + i of the images, and of a tap's first position, in padded pixels.
  int64_t padded_place(int64_t row) const {
    return (row / height * padded_height() + row % height + pad) * padded_width() + pad;
  }
  int64_t tap_place(int64_t tap) const {
    const int64_t within = tap % (kernel * kernel);
    return (tap / (kernel * kernel) * padded_height() + within / kernel) * padded_width() +
           within % kernel;
  }
};

// Where the outputs of (sample, filter), windows() neighbouring floats, lie in memory: filters come
// in groups (the experts) of `group`.
struct OutputPlaces {
  int64_t group, group_stride, filter_stride, sample_stride;
  int64_t at(int64_t sample, int64_t filter) const {
    return filter / group * group_stride + filter % group * filter_stride + sample * sample_stride;
  }
};

// x: [samples, channels, height, width] -> lanes [blocks, pixels, L], the blocks [first, last).
void images_to_lanes(VectorPath path, const ConvPoolShape& shape, const float* x, float* lanes,
                     int64_t first, int64_t last);

// Kernels of 3 x 3 and 5 x 5.
bool conv_pool_has_kernel(int64_t kernel);

struct ConvPoolForward {
  ConvPoolShape shape;
  const float* lanes;   // [blocks, pixels, L]
  const float* weight;  // [filters, taps]
  const float* bias;    // [filters]
  bool relu;
  OutputPlaces places;
  float* out;
  uint8_t* winners;  // [blocks, filters, windows, L]; null: not kept
};
void conv_pool_forward(VectorPath path, const ConvPoolForward& work, int64_t first, int64_t last);

struct ConvPoolBackward {
  ConvPoolShape shape;
  const float* lanes;
  const uint8_t* winners;
  OutputPlaces places;
  const float* grad_out;
  float* grads;  // [blocks, filters, taps + 1]: weights, then the bias; to be summed over blocks
};
void conv_pool_backward(VectorPath path, const ConvPoolBackward& work, int64_t first, int64_t last);

// Sums over all positions of the convolution: moments [blocks, taps, taps + 1] in double, of the
// products of the inputs under taps a <= b at [a, b] (those below the diagonal are not written) and
// of the input under tap a itself at [a, taps].
void patch_sums(VectorPath path, const ConvPoolShape& shape, const float* lanes, double* moments,
                int64_t first, int64_t last);

}  // namespace moestro
