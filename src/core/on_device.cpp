#include "moestro/core/on_device.h"

#include <ATen/core/Tensor.h>

namespace moestro {

Tensor on_device(const Tensor& x, c10::Device device) {
  if (!x.is_cpu() || !device.is_cuda()) return x.to(device);
  return x.pin_memory().to(device, /*non_blocking=*/true);
}

}  // namespace moestro
