#include "moestro/core/column_sums.h"

#include <ATen/Functions.h>

namespace moestro {

Tensor column_sums(const Tensor& x_ND) {
  return x_ND.is_cuda() ? x_ND.t().contiguous().sum(1) : x_ND.sum(0);
}

}  // namespace moestro
