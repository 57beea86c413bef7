// What a mixture answers on a data set.
#pragma once

#include <optional>

#include "moestro/data/batches.h"
#include "moestro/data/dataset.h"
#include "moestro/data/normaliser.h"
#include "moestro/nn/mixture.h"
#include "moestro/train/hook.h"

namespace moestro {

struct EvaluationOptions {
  c10::Device device = c10::kCPU;
  c10::ScalarType precision = c10::kFloat;
  int64_t batch = 1000;
  bool experts = false;  // each expert alone as well
};

// On the CPU, rows in the data set's order.
struct Evaluation {
  Tensor mixed_NC;     // log probabilities (classes) or values
  Tensor predicted_N;  // int64 class, or the value
  Tensor probs_NE;     // of the gate
  Tensor experts_NK, weights_NK;
  Tensor expert_predicted_NE;  // each expert alone: class, or value; with options.experts
};

Evaluation evaluate(const Mixture& mixture, const Dataset& data, const Normaliser& normaliser,
                    const EvaluationOptions& options);

// Loss of the task and error against targets; the log-likelihood of classes, the squared error of
// values.
Scores score(const Evaluation& evaluation, const Tensor& targets_N, int64_t classes);

}  // namespace moestro
