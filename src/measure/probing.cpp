#include "moestro/measure/probing.h"

#include <cmath>

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "right_answers.h"

namespace moestro {
namespace {

constexpr const char* kWhat = "probing";

// Means of a loss, double [N, E] on the CPU.
Probing means_of(const Tensor& loss_NE, const Tensor& owned_NE) {
  const auto rows = static_cast<double>(loss_NE.size(0)),
             others = static_cast<double>(loss_NE.size(1) - 1);
  const Tensor own_E = (loss_NE * owned_NE).sum(0), all_E = loss_NE.sum(0),
               count_E = owned_NE.sum(0);
  const auto total = [&](const Tensor& sums_E) { return sums_E.sum().item<double>() / rows; };
  Probing probing;
  probing.share_E = count_E / rows;
  probing.own_E = own_E / count_E;
  probing.others_E = (loss_NE * (1 - owned_NE)).sum(0) / (rows - count_E);
  probing.all_E = all_E / rows;
  probing.own = total(own_E);
  probing.others = total(all_E - own_E) / others;
  probing.all = total(all_E) / (others + 1);
  probing.oracle_error = loss_NE.amin(1).mean().item<double>();
  return probing;
}

Tensor owned(const Tensor& owner_N, const Tensor& predicted_NE) {
  MOESTRO_CHECK(owner_N.dim() == 1 && owner_N.size(0) == predicted_NE.size(0));
  return at::one_hot(owner_N.cpu(), predicted_NE.size(1)).to(at::kDouble);
}

double agreement(const Tensor& predicted_NE) {
  const int64_t experts = predicted_NE.size(1);
  double same = 0;
  for (int64_t e = 1; e < experts; ++e)
    same += predicted_NE.narrow(1, 0, e).eq(predicted_NE.narrow(1, e, 1)).sum().item<double>();
  const double pairs = static_cast<double>(experts * (experts - 1)) / 2;
  return same / (pairs * static_cast<double>(predicted_NE.size(0)));
}

}  // namespace

Probing probe_classes(const Tensor& expert_predicted_NE, const Tensor& owner_N,
                      const Tensor& targets_N) {
  const Tensor right_NE = right_answers(expert_predicted_NE, targets_N, kWhat),
               owned_NE = owned(owner_N, expert_predicted_NE);
  Probing probing = means_of(1 - right_NE, owned_NE);
  const Tensor routed = (right_NE * owned_NE).sum() / right_NE.amax(1).sum();
  probing.classes = {routed.item<double>(), agreement(expert_predicted_NE.cpu())};
  return probing;
}

Probing probe_values(const Tensor& expert_predicted_NE, const Tensor& owner_N,
                     const Tensor& targets_N) {
  check_answers(expert_predicted_NE, targets_N, kWhat);
  const auto exact = [](const Tensor& x) { return x.cpu().to(at::kDouble); };
  const Tensor wrong_NE = exact(expert_predicted_NE) - exact(targets_N).unsqueeze(1);
  Probing probing = means_of(wrong_NE.square(), owned(owner_N, expert_predicted_NE));
  for (Tensor* mean_E : {&probing.own_E, &probing.others_E, &probing.all_E})
    *mean_E = mean_E->sqrt();
  for (double* mean : {&probing.own, &probing.others, &probing.all, &probing.oracle_error})
    *mean = std::sqrt(*mean);
  return probing;
}

}  // namespace moestro
