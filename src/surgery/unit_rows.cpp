#include "unit_rows.h"

#include <ATen/ATen.h>

#include "moestro/core/error.h"

namespace moestro {

Tensor every_unit(const HiddenAxis& axis) {
  return at::arange(axis.units, at::kLong);
}

Tensor finite_values(const ExpertTensors& experts, const std::string& tensor, int64_t expert,
                     at::ScalarType type) {
  const Tensor value = experts.at(tensor, expert).detach().cpu().to(type);
  if (!at::isfinite(value).all().item<bool>())
    throw UserError("\"{}\" of expert {} has values that are not finite", tensor, expert);
  return value;
}

Tensor unit_rows(const Tensor& value, const HiddenAxis& axis, const HiddenAxis::Part& part) {
  const Tensor rows = value.index_select(part.dim, axis.indices(part, every_unit(axis)));
  return rows.movedim(part.dim, 0).reshape({axis.units, -1});
}

}  // namespace moestro
