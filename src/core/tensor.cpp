#include "moestro/core/tensor.h"

#include <fmt/ranges.h>

namespace moestro {

std::string shape_text(const Shape& shape) {
  return fmt::format("{}", fmt::join(shape, " x "));
}

}  // namespace moestro
