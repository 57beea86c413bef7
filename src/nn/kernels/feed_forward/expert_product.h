// The product of sorted rows with the weights of the expert each is sent to.
#pragma once

#include "sorted_rows.h"

namespace moestro {

enum class ProductWay {
  grouped,  // at::_grouped_mm: one launch, the ends of the experts' rows stay on the device
  looped,   // expert by expert: the host must know the ends
};

// Whether at::_grouped_mm takes experts of [D, F]: strides and addresses of whole 16 bytes, and
// fewer than 1024 of them.
bool fits_grouped_product(const Tensor& weight_EDF);

// out_RF = x_r W_e + b_e of expert e's rows; the bias may be undefined, and rows of no expert stay
// so. Differentiable in all three. rows.ends are needed where the way is looped.
Tensor expert_product(const Tensor& x_RD, const Tensor& weight_EDF, const Tensor& bias_EF,
                      const SortedRows& rows, ProductWay way);

}  // namespace moestro
