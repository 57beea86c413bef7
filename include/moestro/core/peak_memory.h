// How much memory a piece of code needs at once.
#pragma once

#include <cstdint>
#include <functional>

#include <c10/core/Device.h>

namespace moestro {

// The most bytes of tensors on the device that `work` holds at once, beyond those that were there
// before: what LibTorch's allocators hand out and take back on this thread. Unlike the resident
// memory of the process it does not depend on what ran before, and leaves out what libraries keep
// for themselves.
int64_t peak_bytes(c10::Device device, const std::function<void()>& work);

}  // namespace moestro
