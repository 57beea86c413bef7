#include "pool.h"

#include <ATen/ATen.h>

#include "../kernels/max_pool.h"

namespace moestro {

Activations Pool::forward(const Activations& x, ExpertRange, const ForwardContext&) const {
  const int64_t size = spec_.size;
  const Tensor out = spec_.kind == LayerKind::maxpool
                         ? max_pool_windows(x.value, size)
                         : at::avg_pool2d(x.value, {size, size}, {size, size});
  return {out, x.experts, x.images};
}

std::string Pool::describe() const {
  if (spec_.kind == LayerKind::maxpool && spec_.size == 2)
    return fmt::format("{}: own kernel on the CPU", spec_.text);
  return spec_.text;
}

}  // namespace moestro
