// A sentence encoder that somebody else has trained: BERT's kind (Devlin et al. 2019), read from a
// Hugging Face folder. A sentence becomes the mean of its tokens' last vectors, scaled to length 1
// (Reimers and Gurevych 2019).
#pragma once

#include "moestro/nn/token_embedding.h"
#include "moestro/nn/transformer.h"

namespace moestro {

class HuggingFaceFolder;
class Sides;

class PretrainedEncoder {
 public:
  // precision: float32 or bfloat16, of weights and products. Throws UserError for a folder of
  // another kind of model (or one whose sentences are another pooling's), and where tensors are
  // missing or have another shape or type: all in one message.
  PretrainedEncoder(const HuggingFaceFolder& folder, c10::Device device,
                    c10::ScalarType precision = c10::kFloat);

  int64_t vocabulary() const { return embedding_.vocabulary(); }
  int64_t longest() const { return transformer_.shape().longest; }
  int64_t blocks() const { return transformer_.shape().depth; }
  int64_t width() const { return transformer_.shape().width; }
  c10::Device device() const { return device_; }
  // Tokens of a batch that its device likes, in evaluation.
  int64_t batch_tokens() const;

  // Token ids of packed sentences -> unit vectors [B, D], float32. Without gradients.
  Tensor embed(const Tensor& ids_N, const Packing& rows) const;

  // The same with something beside every block's feed-forward layer (nn/sides.h), differentiable in
  // what that learns: our weights get no gradient, and nothing is kept of what lies below the first
  // side that learns. x is given to sides in our precision.
  Tensor embed(const Tensor& ids_N, const Packing& rows, Sides& sides,
               const ForwardContext& context) const;
  // What both make their vectors of: the last block's rows [N, D], in our precision. Packing gives
  // first rows and means of it.
  Tensor last_rows(const Tensor& ids_N, const Packing& rows, const ForwardContext& context,
                   Sides* sides = nullptr) const;

 private:
  c10::Device device_;
  TokenEmbedding embedding_;
  Transformer transformer_;
};

}  // namespace moestro
