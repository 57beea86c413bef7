#include "moestro/measure/disagreement.h"

#include <ATen/ATen.h>

#include "moestro/core/error.h"

namespace moestro {

Disagreement disagreement(const Tensor& out_ENC) {
  MOESTRO_CHECK(out_ENC.dim() == 3);
  const Tensor exact_ENC = out_ENC.detach().to(at::kDouble);
  const auto mean_square = [](const Tensor& x_ENC) {
    return x_ENC.square().mean(at::IntArrayRef({0, 2}));
  };
  return {mean_square(exact_ENC - exact_ENC.mean(0, /*keepdim=*/true)), mean_square(exact_ENC)};
}

}  // namespace moestro
