#include "moestro/objective/task_loss.h"

#include <ATen/ATen.h>

#include "moestro/core/error.h"

namespace moestro {

Tensor losses_of_experts(const Tensor& out_NEC, const Tensor& targets_N) {
  MOESTRO_CHECK(out_NEC.dim() == 3 && out_NEC.size(0) == targets_N.size(0));
  const Tensor log_probs =
      at::log_softmax(out_NEC, -1, at::promote_types(out_NEC.scalar_type(), at::kFloat));
  const Tensor targets_NE1 = targets_N.view({-1, 1, 1}).expand({-1, out_NEC.size(1), 1});
  return -log_probs.gather(2, targets_NE1).squeeze(2);
}

Tensor expectation_loss(const Tensor& mixed_NC, const Tensor& targets_N, OutputKind output,
                        double smoothing) {
  MOESTRO_CHECK(output != OutputKind::values, "classes are needed");
  const at::ScalarType type = at::promote_types(mixed_NC.scalar_type(), at::kFloat);
  const Tensor log_NC =
      output == OutputKind::logits ? at::log_softmax(mixed_NC, -1, type) : mixed_NC;
  const Tensor loss = at::nll_loss(log_NC, targets_N);
  return smoothing == 0 ? loss : (1 - smoothing) * loss - smoothing * log_NC.mean();
}

Tensor stochastic_loss(const Tensor& out_NEC, const Tensor& weights_NE, const Tensor& targets_N) {
  return -at::logsumexp(log_weights(weights_NE) - losses_of_experts(out_NEC, targets_N) / 2, 1)
              .mean();
}

Tensor competitive_loss(const Tensor& out_NEC, const Tensor& weights_NE, const Tensor& targets_N) {
  return (weights_NE * losses_of_experts(out_NEC, targets_N)).sum(1).mean();
}

Tensor least_squares_loss(const Tensor& mixed_N1, const Tensor& targets_N) {
  MOESTRO_CHECK(mixed_N1.dim() == 2 && mixed_N1.size(1) == 1 &&
                    mixed_N1.size(0) == targets_N.size(0) && targets_N.dim() == 1,
                "one value a row is needed");
  return (mixed_N1.squeeze(1) - targets_N.to(mixed_N1.scalar_type())).square().mean();
}

}  // namespace moestro
