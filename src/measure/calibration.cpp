#include "moestro/measure/calibration.h"

#include <ATen/ATen.h>

#include "moestro/core/error.h"

namespace moestro {

double calibration_error(const Tensor& log_probs_NC, const Tensor& labels_N, int64_t bins) {
  MOESTRO_CHECK(bins >= 1 && log_probs_NC.dim() == 2 && log_probs_NC.size(0) == labels_N.size(0));
  if (labels_N.size(0) == 0)
    throw UserError("calibration error: the set is empty; expected at least one sample");
  const auto [best_N, predicted_N] = log_probs_NC.detach().cpu().to(at::kDouble).max(1);
  const Tensor confidence_N = best_N.exp();
  const Tensor right_N = (predicted_N == labels_N.cpu()).to(at::kDouble);
  const Tensor bin_N = ((confidence_N * bins).ceil() - 1).clamp(0, bins - 1).to(at::kLong);
  const Tensor gap = at::zeros({bins}, at::kDouble).index_add_(0, bin_N, right_N - confidence_N);
  return gap.abs().sum().item<double>() / static_cast<double>(labels_N.size(0));
}

}  // namespace moestro
