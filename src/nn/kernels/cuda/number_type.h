// The types of images on a CUDA device.
#pragma once

#include <cstdint>

namespace moestro {

enum class NumberType { float32, bfloat16 };

// How many fill the sixteen bytes that a thread takes at once.
constexpr int64_t pack_size(NumberType type) {
  return type == NumberType::bfloat16 ? 8 : 4;
}

}  // namespace moestro
