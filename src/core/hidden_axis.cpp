#include "moestro/core/hidden_axis.h"

#include <ATen/Functions.h>

#include "moestro/core/error.h"

namespace moestro {

Tensor HiddenAxis::indices(const Part& part, const Tensor& units_U) const {
  MOESTRO_CHECK(units_U.dim() == 1 && units_U.scalar_type() == at::kLong);
  const Tensor first_U1 = (units_U * part.stride + part.offset).unsqueeze(1);
  return (first_U1 + at::arange(part.block, units_U.options())).flatten();
}

}  // namespace moestro
