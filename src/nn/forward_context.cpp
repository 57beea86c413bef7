#include "moestro/nn/forward_context.h"

#include <ATen/core/Tensor.h>

namespace moestro {

Tensor in_precision(const Tensor& x, const ForwardContext& context) {
  return context.precision ? x.to(*context.precision) : x;
}

}  // namespace moestro
