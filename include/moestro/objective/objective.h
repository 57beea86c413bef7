// The objective of a recipe: the task's loss plus the auxiliary terms whose weight is not zero.
#pragma once

#include <vector>

#include "moestro/nn/mixing.h"
#include "moestro/nn/trace.h"
#include "moestro/objective/loss_config.h"
#include "moestro/objective/terms.h"

namespace moestro {

class Objective {
 public:
  // Throws UserError where the loss does not fit the output: least_squares needs "values" and the
  // other way round; stochastic and competitive need "probabilities".
  Objective(const LossConfig& config, OutputKind output);

  TraceNeeds needs() const;  // what the forward pass must keep

  // mixed_NC as the mixture made it; targets_N int64 classes, or float [N] for values; every row
  // counts. An auxiliary term is the mean over the mixture layers, each over its valid decisions.
  // Throws UserError for a term with a weight that finds nothing to read, or has no effect (one
  // expert), and for a stochastic or competitive loss without the experts' outputs of exactly one
  // mixture.
  LossTerms operator()(const Tensor& mixed_NC, const std::vector<MixtureTrace>& traces,
                       const Tensor& targets_N) const;

 private:
  Tensor task_loss(const Tensor& mixed_NC, const std::vector<MixtureTrace>& traces,
                   const Tensor& targets_N) const;

  LossConfig config_;
  OutputKind output_;
};

}  // namespace moestro
