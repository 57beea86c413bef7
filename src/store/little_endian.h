// Whole numbers as bytes, the lowest first.
#pragma once

#include <cstddef>
#include <string>

namespace moestro {

template <typename T>
std::string little_endian(T value) {
  std::string bytes;
  for (std::size_t i = 0; i < sizeof value; ++i)
    bytes.push_back(static_cast<char>(value >> (8 * i) & 255));
  return bytes;
}

}  // namespace moestro
