// Our kernels know first derivatives only.
#pragma once

#include <c10/core/GradMode.h>

#include "moestro/core/error.h"

namespace moestro {

// To be called in a backward pass. LibTorch would otherwise take second derivatives for zero.
inline void refuse_second_derivatives(const char* function) {
  if (c10::GradMode::is_enabled()) throw UserError("{} has no second derivatives", function);
}

}  // namespace moestro
