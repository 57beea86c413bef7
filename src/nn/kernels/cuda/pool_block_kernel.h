// The arithmetic of pool_block.h on a CUDA device: plain memory, no LibTorch. Images stand channels
// last, [images, height, width, channels]; what has been pooled, [images, height / 2, width / 2,
// channels]. Pointers are the device's; work is put into the stream (a cudaStream_t).
#pragma once

#include <cstdint>

#include "number_type.h"

namespace moestro {

struct PoolBlockShape {
  int64_t images, height, width, channels;  // height and width even, channels fill packs
  NumberType type;                          // of images, in and out

  int64_t rows() const { return images * (height / 2) * (width / 2); }  // pooled
};

// y = r(max over a window of scale x + shift), r: ReLU or nothing. scale, shift [channels], null
// for 1 and 0. winner: 0 to 3, which of the window; 4 where the ReLU lets nothing through.
struct PoolBlockForward {
  PoolBlockShape shape;
  const void* x;
  const float *scale, *shift;
  bool relu;
  void* y;
  uint8_t* winner;
};
void pool_block_forward(const PoolBlockForward& work, void* stream);

// Sums over rows of the gradient before the ReLU, d, and of d (x - mean) rstd at the winner, the
// second zero where mean is null: sums [2, channels]. Those of pieces stand in partial, of
// pool_block_partial() floats.
struct PoolBlockSums {
  PoolBlockShape shape;
  const void *x, *grad_y;
  const uint8_t* winner;
  const float *mean, *rstd;
  float *partial, *sums;
};
int64_t pool_block_partial(const PoolBlockShape& shape);
void pool_block_sums(const PoolBlockSums& work, void* stream);

// grad_x = scale d at the winner, 0 elsewhere, minus offset + slope x everywhere. scale null for 1,
// offset and slope null for 0.
struct PoolBlockBackward {
  PoolBlockShape shape;
  const void *x, *grad_y;
  const uint8_t* winner;
  const float *scale, *offset, *slope;
  void* grad_x;
};
void pool_block_backward(const PoolBlockBackward& work, void* stream);

}  // namespace moestro
