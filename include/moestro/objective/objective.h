// The objective of a recipe: the task's loss and the auxiliary terms, each where its weight is not
// zero.
#pragma once

#include <vector>

#include "moestro/nn/mixing.h"
#include "moestro/nn/trace.h"
#include "moestro/objective/guidance.h"
#include "moestro/objective/loss_config.h"
#include "moestro/objective/terms.h"

namespace moestro {

struct Batch;
struct MutualDistillation;
struct Similarity;

class Objective {
 public:
  // Throws UserError where the loss does not fit the output (least_squares needs "values" and the
  // other way round; stochastic and competitive need "probabilities"; gate_correctness and the kl
  // form of mutual_distillation need classes), where nothing has a weight, and where
  // loss.similarity_distance = "features" comes without loss.similarity_run.
  Objective(const LossConfig& config, OutputKind output);

  TraceNeeds needs() const;  // what the forward pass must keep

  // mixed_NC as the model made it, a row for each of answers(batch.targets_N); every row counts.
  // The task's loss is the first term, without gradient where loss.task = 0. An auxiliary term is
  // the mean over the mixture layers, each over its valid decisions. Throws UserError for a term
  // with a weight that finds nothing to read (in the guidance neither), or has no effect (one
  // expert; samples to compare, and one row), and for what reads the outputs of every expert where
  // there are not those of exactly one mixture. progress: the share of training that is over, from
  // 0 to 1, for weights that change with it.
  LossTerms operator()(const Tensor& mixed_NC, const std::vector<MixtureTrace>& traces,
                       const Batch& batch, const Guidance& guidance = {},
                       double progress = 0) const;

 private:
  bool has_terms() const;
  Tensor task_loss(const Tensor& mixed_NC, const std::vector<MixtureTrace>& traces,
                   const Tensor& targets_N) const;
  Similarity similarity_of(const MixtureTrace& trace, const Batch& batch,
                           const Guidance& guidance) const;
  Tensor distances(const Batch& batch, const Guidance& guidance, const Tensor& valid_B) const;
  Tensor distillation(const MixtureTrace& trace, const Guidance& guidance) const;
  Tensor correctness(const std::vector<MixtureTrace>& traces, const Tensor& targets_N) const;
  void add_mutual_distillation(const std::vector<MixtureTrace>& traces, double progress,
                               LossTerms& loss) const;
  Tensor from_teacher(const Tensor& mixed_NC, const Guidance& guidance) const;
  bool distils_all() const;
  MutualDistillation among_experts(const MixtureTrace& trace) const;

  LossConfig config_;
  OutputKind output_;
};

}  // namespace moestro
