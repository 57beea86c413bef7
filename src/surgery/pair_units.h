// Which unit of one expert goes to the place of which unit of another.
#pragma once

#include <cstdint>

#include "moestro/core/tensor.h"

namespace moestro {

// a_UM, b_UM: float, what makes and reads each unit. Returns unit_U, int64, with the largest
// sum_u <a_u, b_unit(u)>: exact up to `exact` units, above in blocks of so many.
Tensor pair_units(const Tensor& a_UM, const Tensor& b_UM, int64_t exact);

// What no pairing surpasses: sum_u max_v <a_u, b_v>.
double pairing_bound(const Tensor& a_UM, const Tensor& b_UM);

}  // namespace moestro
