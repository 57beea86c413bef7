#include "moestro/core/tensor.h"

#include <fmt/ranges.h>

namespace moestro {

std::string shape_text(const Shape& shape) {
  return fmt::format("{}", fmt::join(shape, "x"));
}

int64_t values_of(const Shape& shape) {
  int64_t product = 1;
  for (const int64_t extent : shape) product *= extent;
  return product;
}

}  // namespace moestro
