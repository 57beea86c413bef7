#include "moestro/train/frozen_encoder.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace moestro {

int64_t FrozenEncoder::batch_tokens() const {
  // Measured: on a CPU fewer leave threads idle, more leave the caches.
  constexpr int64_t kTokensOnCpu = 2048, kTokensOnGpu = 65536;
  return device().is_cuda() ? kTokensOnGpu : kTokensOnCpu;
}

Tensor FrozenEncoder::unit_vectors(const Tensor& x_ND, const Packing& rows) const {
  const Tensor x = x_ND.to(at::kFloat);
  const Tensor pooled_BD = pooling() == Pooling::mean ? rows.mean(x) : rows.first(x);
  return pooled_BD / pooled_BD.norm(2, {1}, /*keepdim=*/true).clamp_min(1e-12);
}

Tensor FrozenEncoder::embed(const Tensor& inputs, const Packing& rows) const {
  const at::NoGradGuard no_gradients;
  return unit_vectors(last_rows(inputs, rows, {}), rows);
}

Tensor FrozenEncoder::embed(const Tensor& inputs, const Packing& rows, Sides& sides,
                            const ForwardContext& context) const {
  return unit_vectors(last_rows(inputs, rows, context, &sides), rows);
}

}  // namespace moestro
