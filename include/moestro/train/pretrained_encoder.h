// A sentence encoder that somebody else has trained: BERT's kind (Devlin et al. 2019), read from a
// Hugging Face folder. A sentence becomes the mean of its tokens' last vectors, scaled to length 1
// (Reimers and Gurevych 2019).
#pragma once

#include "moestro/nn/token_embedding.h"
#include "moestro/nn/transformer.h"
#include "moestro/train/frozen_encoder.h"

namespace moestro {

class HuggingFaceFolder;

class PretrainedEncoder : public FrozenEncoder {
 public:
  // precision: float32 or bfloat16, of weights and products. Throws UserError for a folder of
  // another kind of model (or one whose sentences are another pooling's), and where tensors are
  // missing or have another shape or type: all in one message.
  PretrainedEncoder(const HuggingFaceFolder& folder, c10::Device device,
                    c10::ScalarType precision = c10::kFloat);

  int64_t vocabulary() const { return embedding_.vocabulary(); }
  int64_t longest() const { return transformer_.shape().longest; }
  int64_t blocks() const override { return transformer_.shape().depth; }
  int64_t width() const override { return transformer_.shape().width; }
  c10::Device device() const override { return device_; }
  std::vector<Parameter> parameters() const override;

  // inputs: token ids [N] of packed sentences.
  Tensor last_rows(const Tensor& inputs, const Packing& rows, const ForwardContext& context,
                   Sides* sides = nullptr) const override;

 private:
  c10::Device device_;
  TokenEmbedding embedding_;
  Transformer transformer_;
};

}  // namespace moestro
