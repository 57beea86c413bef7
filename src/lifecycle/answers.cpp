#include "moestro/lifecycle/answers.h"

#include <ATen/Functions.h>

#include "moestro/core/error.h"

namespace moestro {

Evaluation finite_answers(const Mixture& mixture, const Dataset& data, const Normaliser& normaliser,
                          const EvaluationOptions& options) {
  Evaluation evaluation = evaluate(mixture, data, normaliser, options);
  // A log probability may be -inf: a class that is out of the question.
  const bool values = mixture.output() == OutputKind::values;
  const Tensor mixed_NC = values ? evaluation.mixed_NC : evaluation.mixed_NC.exp();
  const Tensor good_N = (at::isfinite(mixed_NC).flatten(1).all(1))
                            .logical_and(at::isfinite(evaluation.probs_NE).all(1));
  const int64_t rows = good_N.size(0), good = good_N.sum().item<int64_t>();
  if (good < rows)
    throw SystemError(
        "the answers for {} of {} rows are not finite: the training has diverged; a lower "
        "train.rate, or train.clip, may help",
        rows - good, rows);
  return evaluation;
}

}  // namespace moestro
