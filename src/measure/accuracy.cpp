#include "moestro/measure/accuracy.h"

#include <ATen/ATen.h>

#include "moestro/core/error.h"
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

double balanced_accuracy(const Tensor& predicted_N, const Tensor& labels_N) {
  if (labels_N.numel() == 0)
    throw UserError("accuracy: the set is empty; expected at least one sample");
  const Tensor right_N = predicted_N.eq(labels_N).to(at::kDouble);
  const Tensor all_C = at::bincount(labels_N), right_C = at::bincount(labels_N, right_N);
  const Tensor occurs_C = all_C.gt(0);
  return (right_C.masked_select(occurs_C) / all_C.masked_select(occurs_C)).mean().item<double>();
}

}  // namespace moestro
