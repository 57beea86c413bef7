// Convolutions of E experts side by side on a CUDA device in bfloat16: 3 x 3, stride 1, padded by
// one. Where an expert has few channels cuDNN takes ten times as long as reading and writing the
// images, since it lays them out anew for every pass and fills a part of its tiles.
#pragma once

#include "moestro/core/tensor.h"

namespace moestro {

// Whether expert_conv() takes images of that shape, and of the type and device of `like`, for so
// many experts and filters of each: bfloat16 on a CUDA device with matrix units for it that this
// build has kernels for; 16, 32, 64 or 128 channels of an expert, in and out; images that fit into
// its shared memory.
bool expert_conv_fits(const Tensor& like, const Shape& images_NGHW, int64_t experts,
                      int64_t filters);

// [N, E * I, H, W], float32 weight [E, O, I, 3, 3], rounded to bfloat16 as it is read -> [N, E * O,
// H, W], both channels last in memory. Sums are float32; the gradient of the weight stays so.
Tensor expert_conv(const Tensor& x_NGHW, const Tensor& weight_EOIKK);

}  // namespace moestro
