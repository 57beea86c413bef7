#include "moestro/measure/usage.h"

#include <ATen/ATen.h>

#include "moestro/core/error.h"

namespace moestro {

Usage usage(const Routing& routing, const Tensor& valid_B) {
  const auto valid = [&](const Tensor& x) {
    return (valid_B.defined() ? x.index({valid_B.to(x.device())}) : x).detach().cpu();
  };
  const Tensor probs_BE = valid(routing.probs_BE).to(at::kDouble);
  const int64_t decisions = probs_BE.size(0), experts = probs_BE.size(1);
  if (decisions == 0) throw UserError("usage: no decisions; expected at least one valid row");
  const Tensor sent = valid(routing.experts_BK).masked_select(valid(routing.weights_BK) > 0);
  const auto share = [experts](const Tensor& choices) {
    const Tensor counts_E = choices.flatten().bincount({}, experts).to(at::kDouble);
    return counts_E / counts_E.sum();
  };
  return {share(probs_BE.argmax(1)), probs_BE.mean(0), share(sent)};
}

}  // namespace moestro
