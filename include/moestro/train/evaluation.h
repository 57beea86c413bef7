// What a model answers on a data set.
#pragma once

#include <functional>
#include <optional>

#include <nlohmann/json_fwd.hpp>

#include "moestro/data/batches.h"
#include "moestro/data/dataset.h"
#include "moestro/data/normaliser.h"
#include "moestro/nn/model.h"
#include "moestro/train/hook.h"

namespace moestro {

struct EvaluationOptions {
  c10::Device device = c10::kCPU;
  c10::ScalarType precision = c10::kFloat;
  int64_t batch = 1000;
  int64_t tokens = 8192;  // in a batch of texts, in place of `batch`
  bool experts = false;   // of a mixture of whole networks: each expert alone as well
};

// On the CPU, rows in the data set's order.
struct Evaluation {
  Tensor mixed_NC;     // log probabilities (classes) or values
  Tensor predicted_N;  // int64 class, or the value
  // Of a mixture of whole networks; undefined otherwise.
  Tensor probs_NE;  // of the gate
  Tensor experts_NK, weights_NK;
  // With options.experts.
  Tensor expert_predicted_NE;  // each expert alone: class, or value
  // nn/expert_variance.h over all rows: of logits, of values in standardised units, or of the
  // logarithms of mixed probabilities.
  double disagreement = 0, output_square = 0;

  bool of_mixture() const { return probs_NE.defined(); }
};

// Without gradients, in evaluation mode. Not for translations.
Evaluation evaluate(const Model& model, const Dataset& data, const Normaliser& normaliser,
                    const EvaluationOptions& options);

// Loss of the task and error against targets; the log-likelihood of classes, the squared error of
// values.
Scores score(const Evaluation& evaluation, const Tensor& targets_N, int64_t classes);

// As every file of a run has them.
nlohmann::ordered_json scores_json(const Scores& scores);

// The same of any model, without keeping its answers; of a translation the mean over its tokens,
// each given the true ones before it.
Scores score(const Model& model, const Dataset& data, const Normaliser& normaliser,
             const EvaluationOptions& options);

// Of each answer that a model gives, double [N] on its device: the loss, and 1 where it is wrong;
// of values the squared error, in standardised units, as both.
struct AnswerScores {
  Tensor loss_N, error_N;
};
// mixed_NC: the model's own output; targets: as a batch has them.
AnswerScores answer_scores(const Tensor& mixed_NC, OutputKind kind, const Tensor& targets);
// Means of these as Scores: values in the units of the target, the error's root taken.
Scores in_units(Scores means, OutputKind kind, const Normaliser& normaliser);

// Each batch of the data set on the device, texts of like length together, and what a model is told
// beside it.
using VisitBatch = std::function<void(const Batch&, const ForwardContext&)>;
void visit_batches(const Dataset& data, const Normaliser& normaliser,
                   const EvaluationOptions& options, const VisitBatch& visit);

}  // namespace moestro
