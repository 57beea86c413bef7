// Expected calibration error (Naeini et al. 2015; Guo et al. 2017).
#pragma once

#include "moestro/core/tensor.h"

namespace moestro {

// sum_b |B_b| / N |accuracy(B_b) - confidence(B_b)| over bins of equal width of the highest
// probability, ((b-1)/bins, b/bins]. log_probs_NC, labels_N. Throws UserError for an empty set.
double calibration_error(const Tensor& log_probs_NC, const Tensor& labels_N, int64_t bins = 15);

}  // namespace moestro
