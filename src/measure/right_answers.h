// Double [N, E] on the CPU: 1 where expert e is right about sample n. Throws UserError
// "WHAT: the set is empty; ..." where there is no sample.
#pragma once

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "moestro/core/tensor.h"

namespace moestro {

inline Tensor right_answers(const Tensor& predicted_NE, const Tensor& labels_N, const char* what) {
  MOESTRO_CHECK(predicted_NE.dim() == 2 && predicted_NE.size(0) == labels_N.size(0));
  if (labels_N.size(0) == 0)
    throw UserError("{}: the set is empty; expected at least one sample", what);
  return (predicted_NE.cpu() == labels_N.cpu().unsqueeze(1)).to(at::kDouble);
}

}  // namespace moestro
