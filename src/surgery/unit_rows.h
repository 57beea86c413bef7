// The values of an expert's tensors, unit by unit.
#pragma once

#include <cstdint>
#include <string>

#include <c10/core/ScalarType.h>

#include "moestro/core/expert_tensors.h"
#include "moestro/core/hidden_axis.h"

namespace moestro {

// 0 .. units - 1, int64.
Tensor every_unit(const HiddenAxis& axis);

// One expert's tensor of that type, on the CPU. Throws UserError where a value is not finite: it
// has neither size nor direction.
Tensor finite_values(const ExpertTensors& experts, const std::string& tensor, int64_t expert,
                     at::ScalarType type);

// What of a part's tensor belongs to each unit: [U, M].
Tensor unit_rows(const Tensor& value, const HiddenAxis& axis, const HiddenAxis::Part& part);

}  // namespace moestro
