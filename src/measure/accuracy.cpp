#include "moestro/measure/accuracy.h"

#include <ATen/ATen.h>

#include "right_answers.h"

namespace moestro {
Tensor expert_accuracy(const Tensor& predicted_NE, const Tensor& labels_N) {
  return right_answers(predicted_NE, labels_N, "accuracy").mean(0);
}

Tensor own_accuracy(const Tensor& predicted_NE, const Tensor& probs_NE, const Tensor& labels_N) {
  const Tensor right_NE = right_answers(predicted_NE, labels_N, "accuracy");
  const Tensor owned_NE =
      at::zeros_like(right_NE).scatter_(1, probs_NE.cpu().argmax(1, /*keepdim=*/true), 1);
  return (right_NE * owned_NE).sum(0) / owned_NE.sum(0);
}

Tensor owner_prediction(const Tensor& predicted_NE, const Tensor& probs_NE) {
  MOESTRO_CHECK(predicted_NE.sizes() == probs_NE.sizes());
  return predicted_NE.gather(1, probs_NE.argmax(1, /*keepdim=*/true)).squeeze(1);
}

double hard_top1_accuracy(const Tensor& predicted_NE, const Tensor& probs_NE,
                          const Tensor& labels_N) {
  const Tensor predicted_N1 = owner_prediction(predicted_NE, probs_NE).unsqueeze(1);
  return right_answers(predicted_N1, labels_N, "accuracy").mean().item<double>();
}

}  // namespace moestro
