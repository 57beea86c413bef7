// A tiny Vision Transformer as a frozen encoder of images.
#pragma once

#include <memory>

#include <ATen/ATen.h>

#include "gradient_check.h"
#include "moestro/train/adapted_encoder.h"
#include "moestro/train/encoder_inputs.h"
#include "moestro/train/image_encoder.h"

namespace moestro::testing {

inline Tensor tiny_pixels(int64_t count, int64_t channels = 1) {
  return at::arange(count * channels * 64)
      .mul(37)
      .remainder(251)
      .to(at::kByte)
      .view({count, channels, 8, 8});
}

inline Normaliser tiny_normaliser() {
  Dataset rows;
  rows.inputs = tiny_pixels(4);
  return Normaliser::fit(rows);
}

// Of 8 x 8 grey pixels in 2 x 2 patches, with dropout where it was trained; its gates, of mixtures,
// are noisy.
inline std::shared_ptr<const Classifier> tiny_vit(Pooling pooling, int64_t experts = 0) {
  TransformerShape shape{.width = 16, .heads = 2, .depth = 2, .hidden = 32, .dropout = .3};
  shape.mixture.experts = experts;
  shape.mixture.gate = {.kind = "noisy_topk", .k = 1};
  return std::make_shared<Classifier>(shape, PatchShape{1, 8, 8, 4},
                                      AnswerShape{3, OutputKind::logits, pooling}, 7);
}

inline std::shared_ptr<const ImageEncoder> tiny_image_encoder(
    Pooling pooling = Pooling::first, c10::ScalarType precision = at::kFloat, int64_t experts = 0) {
  return std::make_shared<ImageEncoder>(tiny_vit(pooling, experts), tiny_normaliser(), at::kCPU,
                                        precision);
}

inline EncoderBatch tiny_images(const ImageEncoder& encoder, int64_t count = 5) {
  return ImageInputs(tiny_pixels(count), encoder.tokens())
      .batch(at::arange(count, at::kLong), at::kCPU);
}

}  // namespace moestro::testing
