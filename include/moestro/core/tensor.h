// The one tensor type. Names of variables end in their axes: B samples or decisions, N rows,
// E experts, K chosen experts, C classes, D width, F hidden width.
#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace moestro {

using at::Tensor;
using Shape = std::vector<int64_t>;

// "3x32x32"
std::string shape_text(const Shape& shape);

// The product of the extents: 3072.
int64_t values_of(const Shape& shape);

}  // namespace moestro
