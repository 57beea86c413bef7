// What measures of experts' answers begin with. predicted_NE: what each expert says of each sample.
#pragma once

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "moestro/core/tensor.h"

namespace moestro {

// Throws UserError "WHAT: the set is empty; ..." where there is no sample.
inline void check_answers(const Tensor& predicted_NE, const Tensor& targets_N, const char* what) {
  MOESTRO_CHECK(predicted_NE.dim() == 2 && predicted_NE.size(0) == targets_N.size(0));
  if (targets_N.size(0) == 0)
    throw UserError("{}: the set is empty; expected at least one sample", what);
}

// Double [N, E] on the CPU: 1 where expert e is right about sample n.
inline Tensor right_answers(const Tensor& predicted_NE, const Tensor& labels_N, const char* what) {
  check_answers(predicted_NE, labels_N, what);
  return (predicted_NE.cpu() == labels_N.cpu().unsqueeze(1)).to(at::kDouble);
}

}  // namespace moestro
