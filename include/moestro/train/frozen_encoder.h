// An encoder that stays as it is: samples become unit vectors, and adapters may stand beside its
// blocks.
#pragma once

#include <vector>

#include "moestro/nn/classifier.h"
#include "moestro/nn/forward_context.h"
#include "moestro/nn/packing.h"

namespace moestro {

class Sides;

class FrozenEncoder {
 public:
  virtual ~FrozenEncoder() = default;

  virtual int64_t blocks() const = 0;
  virtual int64_t width() const = 0;  // D
  virtual c10::Device device() const = 0;
  // That its vectors are made by: without gradients, unless a copy is to be fine-tuned.
  virtual std::vector<Parameter> parameters() const = 0;
  // Rows (tokens, patches) of a batch that its device likes, in evaluation.
  int64_t batch_tokens() const;

  // A batch as its kind of encoder reads it (train/encoder_inputs.h), B samples of N rows -> unit
  // vectors [B, D], float32. Without gradients.
  Tensor embed(const Tensor& inputs, const Packing& rows) const;
  // The same with something beside every block's feed-forward layer (nn/sides.h), differentiable in
  // what that learns: our weights get no gradient, and nothing is kept of what lies below the first
  // side that learns. x is given to sides in our precision.
  Tensor embed(const Tensor& inputs, const Packing& rows, Sides& sides,
               const ForwardContext& context) const;
  // What both make their vectors of: the last block's rows [N, D], in our precision. Packing gives
  // first rows and means of it.
  virtual Tensor last_rows(const Tensor& inputs, const Packing& rows, const ForwardContext& context,
                           Sides* sides = nullptr) const = 0;

 protected:
  virtual Pooling pooling() const { return Pooling::mean; }

 private:
  Tensor unit_vectors(const Tensor& x_ND, const Packing& rows) const;
};

}  // namespace moestro
