// Multi-head attention (Vaswani et al. 2017, 3.2) by LibTorch's fused product of softmax(q k^T /
// sqrt(d)) and v; of packed rows where it has a kernel for them, else of padded ones.
#pragma once

#include <string>
#include <vector>

#include "moestro/nn/cost.h"
#include "moestro/nn/packing.h"
#include "moestro/nn/transformer_config.h"
#include "projection.h"

namespace moestro {

struct Memory;

// What the tokens of growing sentences look at, head by head.
struct KeysValues {
  Tensor keys_BHTd, values_BHTd;
  Tensor valid_BT;  // undefined: all are
};

// A sentence's tokens look at each other, or each only at itself and those before it (causal).
class SelfAttention {
 public:
  // Tensors "<name>.qkv.weight" [1, D, 3 D] (queries, keys, values, each head by head), ".bias",
  // "<name>.out.weight" [1, D, D], ".bias".
  SelfAttention(const TransformerShape& shape, const LayerSetting& setting);

  Tensor forward(const Tensor& x_ND, const Packing& rows, bool causal) const;
  // One new token a sentence, [B, D], behind those that `past` holds; appends its keys and values.
  Tensor step(const Tensor& x_BD, KeysValues& past) const;

  std::vector<Parameter> parameters() const;
  Cost cost(int64_t sentences, int64_t tokens, bool causal) const;

 private:
  int64_t heads_;
  bool rotary_;
  Projection qkv_, out_;
};

// A sentence's tokens look at those of another sentence.
class CrossAttention {
 public:
  // Tensors "<name>.query.weight" [1, D, D], "<name>.key_value.weight" [1, D, 2 D],
  // "<name>.out...".
  CrossAttention(const TransformerShape& shape, const LayerSetting& setting);

  Tensor forward(const Tensor& x_ND, const Packing& rows, const Memory& memory) const;
  // Once for all steps.
  KeysValues keys_values(const Memory& memory) const;
  // One new token a sentence, [B, D].
  Tensor step(const Tensor& x_BD, const KeysValues& memory) const;

  std::vector<Parameter> parameters() const;
  // Of sentences that look at others of as many tokens.
  Cost cost(int64_t sentences, int64_t tokens) const;

 private:
  int64_t heads_;
  Projection query_, key_value_, out_;
};

}  // namespace moestro
