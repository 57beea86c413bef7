// A sentence encoder that somebody else has trained: BERT's kind (Devlin et al. 2019), read from a
// Hugging Face folder. A sentence becomes the mean of its tokens' last vectors, scaled to length 1
// (Reimers and Gurevych 2019).
#pragma once

#include "moestro/nn/token_embedding.h"
#include "moestro/nn/transformer.h"

namespace moestro {

class HuggingFaceFolder;

class PretrainedEncoder {
 public:
  // precision: float32 or bfloat16, of weights and products. Throws UserError for a folder of
  // another kind of model (or one whose sentences are another pooling's), and where tensors are
  // missing or have another shape or type: all in one message.
  PretrainedEncoder(const HuggingFaceFolder& folder, c10::Device device,
                    c10::ScalarType precision = c10::kFloat);

  int64_t vocabulary() const { return embedding_.vocabulary(); }
  int64_t longest() const { return transformer_.shape().longest; }
  int64_t width() const { return transformer_.shape().width; }
  c10::Device device() const { return device_; }

  // Token ids of packed sentences -> unit vectors [B, D], float32. Without gradients.
  Tensor embed(const Tensor& ids_N, const Packing& rows) const;

 private:
  c10::Device device_;
  TokenEmbedding embedding_;
  Transformer transformer_;
};

}  // namespace moestro
