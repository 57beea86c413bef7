// The arithmetic of image_block.h on a CUDA device: plain memory, no LibTorch. Images are bfloat16
// [images, channels, height, width]; what has been pooled stands channels last, [images, height /
// 2, width / 2, filters]. Pointers are the device's; work is put into the stream (a cudaStream_t).
#pragma once

#include <cstdint>

namespace moestro {

struct ImageBlockShape {
  int64_t images, channels, height, width, filters;  // height and width even
};

// Whether the current device takes the shape: bfloat16 in its matrix units, at most three channels,
// filters by 64, lines that are not too long.
bool image_block_fits(const ImageBlockShape& shape);

// y = r(max over a window of x * weight + bias), * a convolution of 3 by 3 padded by one, r: ReLU
// or nothing. weight float32 [filters, channels, 3, 3], bias [filters]. winner: 0 to 3, which of
// the window; 4 where the ReLU lets nothing through.
struct ImageBlockForward {
  ImageBlockShape shape;
  const void* x;
  const float *weight, *bias;
  bool relu;
  void* y;
  uint8_t* winner;
};
void image_block_forward(const ImageBlockForward& work, void* stream);

// Gradients of weight and bias; sums of pieces stand in partial, of image_block_partial() floats.
struct ImageBlockBackward {
  ImageBlockShape shape;
  const void *x, *grad_y;
  const uint8_t* winner;
  float *partial, *grad_weight, *grad_bias;
};
int64_t image_block_partial(const ImageBlockShape& shape);
void image_block_backward(const ImageBlockBackward& work, void* stream);

}  // namespace moestro
