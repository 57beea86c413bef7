// Tensors on their way to a device.
#pragma once

#include <c10/core/Device.h>

#include "moestro/core/tensor.h"

namespace moestro {

// x there, or x itself where it is there already. A copy to a GPU takes its turn behind what was
// asked of it before, and nothing waits for it.
Tensor on_device(const Tensor& x, c10::Device device);

}  // namespace moestro
