#include "activation.h"

#include <ATen/ATen.h>

#include "moestro/core/error.h"

namespace moestro {
namespace {

Tensor activated(LayerKind kind, const Tensor& x) {
  switch (kind) {
    case LayerKind::relu:
      return at::relu(x);
    case LayerKind::gelu:
      return at::gelu(x);
    case LayerKind::tanh:
      return at::tanh(x);
    case LayerKind::sigmoid:
      return at::sigmoid(x);
    default:
      MOESTRO_CHECK(false, "not an activation");
      return x;
  }
}

}  // namespace

Activations Activation::forward(const Activations& x, ExpertRange, const ForwardContext&) const {
  return {activated(spec_.kind, x.value), x.experts, x.images};
}

}  // namespace moestro
