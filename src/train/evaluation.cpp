#include "moestro/train/evaluation.h"

#include <cmath>

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>
#include <nlohmann/json.hpp>

#include "moestro/core/error.h"
#include "moestro/data/answers.h"
#include "moestro/nn/expert_variance.h"
#include "moestro/nn/mixture.h"

namespace moestro {
namespace {

struct Gathered {
  std::vector<Tensor> rows, mixed, probs, experts, weights, expert_predicted;
  double disagreement = 0, output_square = 0;  // sums over rows
};

Tensor log_probabilities(const Tensor& mixed_NC, OutputKind kind) {
  const Tensor plain_NC = mixed_NC.to(at::kFloat);
  return kind == OutputKind::logits ? plain_NC.log_softmax(1) : plain_NC;
}

Tensor predicted(const Tensor& out, OutputKind kind) {
  return kind == OutputKind::values ? out.squeeze(-1) : out.argmax(-1);
}

void gather_experts(const Tensor& out_ENC, OutputKind kind, Gathered& gathered) {
  gathered.expert_predicted.push_back(predicted(out_ENC, kind).t().cpu());
  const auto rows = static_cast<double>(out_ENC.size(1));
  const ExpertVariance apart = expert_variance(out_ENC.to(at::kDouble), kind);
  gathered.disagreement += rows * apart.variance.item<double>();
  gathered.output_square += rows * apart.square.item<double>();
}

void gather_routing(const MixtureTrace& trace, OutputKind kind, Gathered& gathered) {
  const Routing& routing = trace.routing;
  gathered.probs.push_back(routing.probs_BE.cpu());
  gathered.experts.push_back(routing.experts_BK.cpu());
  gathered.weights.push_back(routing.weights_BK.cpu());
  if (trace.out_ENC) gather_experts(trace.out_ENC->to(at::kFloat), kind, gathered);
}

// Rows in the data set's order again.
Tensor in_order(const std::vector<Tensor>& parts, const Tensor& rows_N) {
  if (parts.empty()) return {};
  const Tensor all = at::cat(parts);
  return at::empty_like(all).index_copy_(0, rows_N, all);
}

Evaluation ordered(const Gathered& gathered) {
  const Tensor rows_N = at::cat(gathered.rows);
  Evaluation evaluation;
  evaluation.mixed_NC = in_order(gathered.mixed, rows_N);
  evaluation.probs_NE = in_order(gathered.probs, rows_N);
  evaluation.experts_NK = in_order(gathered.experts, rows_N);
  evaluation.weights_NK = in_order(gathered.weights, rows_N);
  evaluation.expert_predicted_NE = in_order(gathered.expert_predicted, rows_N);
  evaluation.disagreement = gathered.disagreement / static_cast<double>(rows_N.size(0));
  evaluation.output_square = gathered.output_square / static_cast<double>(rows_N.size(0));
  return evaluation;
}

}  // namespace

void visit_batches(const Dataset& data, const Normaliser& normaliser,
                   const EvaluationOptions& options, const VisitBatch& visit) {
  MOESTRO_CHECK(data.rows() > 0);
  const at::NoGradGuard no_grad;
  Batches batches(data, normaliser,
                  {.batch = options.batch,
                   .tokens = data.is_text() ? options.tokens : 0,
                   .shuffle = false,
                   .prefetch = false,
                   .device = options.device});
  batches.start(0);
  while (const std::optional<Batch> batch = batches.next())
    visit(*batch, {.targets_N = batch->targets_N, .precision = options.precision});
}

Evaluation evaluate(const Model& model, const Dataset& data, const Normaliser& normaliser,
                    const EvaluationOptions& options) {
  MOESTRO_CHECK(!data.is_translation(), "a translation is no row of classes");
  const OutputKind kind = model.output();
  const bool whole_networks = dynamic_cast<const Mixture*>(&model) != nullptr;
  TraceNeeds needs;
  needs.all_outputs = options.experts && whole_networks;
  Gathered gathered;
  visit_batches(data, normaliser, options, [&](const Batch& batch, const ForwardContext& context) {
    const ModelOutput output = model.forward(batch.inputs, context, needs);
    gathered.rows.push_back(batch.rows_N.cpu());
    gathered.mixed.push_back(log_probabilities(output.mixed_NC, kind).cpu());
    if (whole_networks) gather_routing(output.traces.front(), kind, gathered);
  });
  Evaluation evaluation = ordered(gathered);
  if (kind == OutputKind::values) {
    evaluation.mixed_NC = normaliser.restore(evaluation.mixed_NC);
    if (evaluation.expert_predicted_NE.defined())
      evaluation.expert_predicted_NE = normaliser.restore(evaluation.expert_predicted_NE);
  }
  evaluation.predicted_N = predicted(evaluation.mixed_NC, kind);
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

nlohmann::ordered_json scores_json(const Scores& scores) {
  return {{"error", scores.error}, {"loss", scores.loss}};
}

AnswerScores answer_scores(const Tensor& mixed_NC, OutputKind kind, const Tensor& targets) {
  const Tensor answers_N = answers(targets), plain_NC = log_probabilities(mixed_NC, kind);
  if (kind == OutputKind::values) {
    const Tensor square_N = (plain_NC.squeeze(1) - answers_N).to(at::kDouble).square();
    return {square_N, square_N};
  }
  return {-plain_NC.gather(1, answers_N.unsqueeze(1)).squeeze(1).to(at::kDouble),
          plain_NC.argmax(1).ne(answers_N).to(at::kDouble)};
}

Scores in_units(Scores means, OutputKind kind, const Normaliser& normaliser) {
  if (kind != OutputKind::values) return means;
  const double unit = normaliser.target_deviation();
  return {.loss = means.loss * unit * unit, .error = std::sqrt(means.error) * unit};
}

Scores score(const Model& model, const Dataset& data, const Normaliser& normaliser,
             const EvaluationOptions& options) {
  const OutputKind kind = model.output();
  const auto zero = at::TensorOptions().dtype(at::kDouble).device(options.device);
  Tensor loss = at::zeros({}, zero), error = at::zeros({}, zero);
  int64_t rows = 0;
  visit_batches(data, normaliser, options, [&](const Batch& batch, const ForwardContext& context) {
    const AnswerScores scores =
        answer_scores(model.forward(batch.inputs, context, {}).mixed_NC, kind, batch.targets_N);
    rows += scores.loss_N.size(0);
    loss += scores.loss_N.sum();
    error += scores.error_N.sum();
  });
  const double count = static_cast<double>(rows);
  return in_units({loss.item<double>() / count, error.item<double>() / count}, kind, normaliser);
}

}  // namespace moestro
