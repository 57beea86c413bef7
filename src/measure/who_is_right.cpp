#include "moestro/measure/who_is_right.h"

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "right_answers.h"

namespace moestro {
namespace {

constexpr const char* kWhat = "who is right";

// Double [N, E]: 1 for the owner.
Tensor owned(const Tensor& probs_NE) {
  return at::one_hot(probs_NE.cpu().argmax(1), probs_NE.size(1)).to(at::kDouble);
}

}  // namespace

Tensor right_by_owner(const Tensor& predicted_NE, const Tensor& probs_NE, const Tensor& labels_N) {
  const Tensor right_NE = right_answers(predicted_NE, labels_N, kWhat), owned_NE = owned(probs_NE);
  return owned_NE.t().matmul(right_NE) / owned_NE.sum(0).unsqueeze(1);
}

Tensor mistaken_owner(const Tensor& predicted_NE, const Tensor& probs_NE, const Tensor& labels_N) {
  const Tensor right_NE = right_answers(predicted_NE, labels_N, kWhat), owned_NE = owned(probs_NE);
  const Tensor owner_wrong_NE = owned_NE * (1 - right_NE);
  return owner_wrong_NE.t().matmul(right_NE).to(at::kLong);
}

double oracle_accuracy(const Tensor& predicted_NE, const Tensor& labels_N) {
  return right_answers(predicted_NE, labels_N, kWhat).amax(1).mean().item<double>();
}

double rescuable_errors(const Tensor& predicted_NE, const Tensor& predicted_N,
                        const Tensor& labels_N) {
  const Tensor any_N = right_answers(predicted_NE, labels_N, kWhat).amax(1);
  MOESTRO_CHECK(predicted_N.sizes() == labels_N.sizes());
  const Tensor wrong_N = (predicted_N.cpu() != labels_N.cpu()).to(at::kDouble);
  return ((any_N * wrong_N).sum() / wrong_N.sum()).item<double>();
}

}  // namespace moestro
