// What a forward pass needs to know besides its input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <c10/core/ScalarType.h>

#include "moestro/core/tensor.h"

namespace moestro {

// One mixture layer of a Transformer, as its trace is named, and the expert that all its rows go to
// with weight 1, whatever the gate says: what probing asks for.
struct ForcedExpert {
  std::string layer;
  int64_t expert = 0;
};

struct ForwardContext {
  bool training = false;  // batch statistics, dropout, gate noise
  uint64_t seed = 0;      // of the run; noise is keyed by (seed, Stream::noise, layer name, step)
  uint64_t step = 0;
  // Of the batch, where known: classes, for the gate that is told them; the tokens of translations.
  Tensor targets_N = {};
  // What inputs and token vectors are cast to, and with them every product; none: their own type.
  std::optional<c10::ScalarType> precision = {};
  std::optional<ForcedExpert> forced = {};
};

// x in the type that the context asks for.
Tensor in_precision(const Tensor& x, const ForwardContext& context);

}  // namespace moestro
