#include "moestro/train/evaluation.h"

#include <cmath>

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include "moestro/core/error.h"

namespace moestro {
namespace {

struct Gathered {
  std::vector<Tensor> mixed, probs, experts, weights, expert_predicted;
};

Tensor answers(const Tensor& out, OutputKind kind) {
  return kind == OutputKind::values ? out.squeeze(-1) : out.argmax(-1);
}

void gather(const MixtureOutput& output, OutputKind kind, bool experts, Gathered& gathered) {
  const Tensor mixed_NC = output.mixed_NC.to(at::kFloat);
  gathered.mixed.push_back((kind == OutputKind::logits ? mixed_NC.log_softmax(1) : mixed_NC).cpu());
  const Routing& routing = output.trace.routing;
  gathered.probs.push_back(routing.probs_BE.cpu());
  gathered.experts.push_back(routing.experts_BK.cpu());
  gathered.weights.push_back(routing.weights_BK.cpu());
  if (experts)
    gathered.expert_predicted.push_back(
        answers(output.trace.out_ENC->to(at::kFloat), kind).t().cpu());
}

}  // namespace

Evaluation evaluate(const Mixture& mixture, const Dataset& data, const Normaliser& normaliser,
                    const EvaluationOptions& options) {
  MOESTRO_CHECK(data.rows() > 0);
  const at::NoGradGuard no_grad;
  TraceNeeds needs;
  needs.all_outputs = options.experts;
  Gathered gathered;
  for (int64_t first = 0; first < data.rows(); first += options.batch) {
    const int64_t count = std::min(options.batch, data.rows() - first);
    const Tensor raw = data.inputs.narrow(0, first, count).to(options.device);
    const Tensor inputs = normaliser.apply(raw).to(options.precision);
    ForwardContext context;
    if (data.has_targets())
      context.targets_N = data.targets_N.narrow(0, first, count).to(options.device);
    gather(mixture.forward(inputs, context, needs), mixture.output(), options.experts, gathered);
  }
  const bool values = mixture.output() == OutputKind::values;
  Evaluation evaluation;
  evaluation.mixed_NC = at::cat(gathered.mixed);
  if (values) evaluation.mixed_NC = normaliser.restore(evaluation.mixed_NC);
  evaluation.predicted_N = answers(evaluation.mixed_NC, mixture.output());
  evaluation.probs_NE = at::cat(gathered.probs);
  evaluation.experts_NK = at::cat(gathered.experts);
  evaluation.weights_NK = at::cat(gathered.weights);
  if (options.experts) {
    evaluation.expert_predicted_NE = at::cat(gathered.expert_predicted);
    if (values) evaluation.expert_predicted_NE = normaliser.restore(evaluation.expert_predicted_NE);
  }
  return evaluation;
}

Scores score(const Evaluation& evaluation, const Tensor& targets_N, int64_t classes) {
  Scores scores;
  if (classes == 0) {
    scores.loss =
        (evaluation.predicted_N - targets_N).to(at::kDouble).square().mean().item<double>();
    scores.error = std::sqrt(scores.loss);
    return scores;
  }
  const Tensor likelihood_N = evaluation.mixed_NC.gather(1, targets_N.unsqueeze(1));
  scores.loss = -likelihood_N.to(at::kDouble).mean().item<double>();
  scores.error = evaluation.predicted_N.ne(targets_N).to(at::kDouble).mean().item<double>();
  return scores;
}

}  // namespace moestro
