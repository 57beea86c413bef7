// For tests that need a GPU.
#pragma once

#include "moestro/core/device.h"

namespace moestro::testing {

inline bool has_cuda() {
  return resolve_device("auto").is_cuda();
}

}  // namespace moestro::testing
