// What autograd's functions take for a tensor that may be undefined.
#pragma once

#include <optional>

#include "moestro/core/tensor.h"

namespace moestro {

inline std::optional<Tensor> optional(const Tensor& tensor) {
  return tensor.defined() ? std::optional<Tensor>(tensor) : std::nullopt;
}

}  // namespace moestro
