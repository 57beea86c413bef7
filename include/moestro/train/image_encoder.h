// An encoder of images: a Vision Transformer (Dosovitskiy et al. 2021) that was trained as a
// classifier, without its head. An image becomes what the head was given (the mean of the patches'
// last vectors, or the class token's), scaled to length 1.
#pragma once

#include <memory>

#include "moestro/data/normaliser.h"
#include "moestro/train/frozen_encoder.h"

namespace moestro {

class ImageEncoder : public FrozenEncoder {
 public:
  // classifier: of images; its weights are moved there, in place, and learn no more. normaliser:
  // fitted on what it was trained with. Blocks with mixtures route as in evaluation. Throws
  // UserError for a classifier of texts and a normaliser of other inputs than pixels.
  ImageEncoder(std::shared_ptr<const Classifier> classifier, Normaliser normaliser,
               c10::Device device, c10::ScalarType precision = c10::kFloat);

  Shape image_shape() const;  // C, H, W
  int64_t tokens() const;     // rows of one image
  int64_t blocks() const override;
  int64_t width() const override;
  c10::Device device() const override { return device_; }
  std::vector<Parameter> parameters() const override;  // without the head's

  // inputs: uint8 [B, C, H, W], on the device.
  Tensor last_rows(const Tensor& inputs, const Packing& rows, const ForwardContext& context,
                   Sides* sides = nullptr) const override;

 protected:
  Pooling pooling() const override { return classifier_->pooling(); }

 private:
  std::shared_ptr<const Classifier> classifier_;
  Normaliser normaliser_;
  c10::Device device_;
  c10::ScalarType precision_;
};

}  // namespace moestro
