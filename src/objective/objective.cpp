#include "moestro/objective/objective.h"

#include <functional>

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "moestro/data/answers.h"
#include "moestro/data/batches.h"
#include "moestro/objective/balance.h"
#include "moestro/objective/distances.h"
#include "moestro/objective/distillation.h"
#include "moestro/objective/gate_targets.h"
#include "moestro/objective/mutual_distillation.h"
#include "moestro/objective/similarity.h"
#include "moestro/objective/task_loss.h"

namespace moestro {
namespace {

bool of_every_expert(const std::string& kind) {
  return kind == "stochastic" || kind == "competitive";
}

Tensor valid_decisions(const MixtureTrace& trace) {
  if (!trace.valid_N.defined()) return {};
  return trace.valid_N.view({-1, trace.rows_per_decision}).any(1);
}

// [N, K]: what was decided, for each row of the decision.
Tensor for_rows(const Tensor& decided_BK, const MixtureTrace& trace) {
  return trace.rows_per_decision == 1 ? decided_BK
                                      : decided_BK.repeat_interleave(trace.rows_per_decision, 0);
}

Tensor row_weights(const MixtureTrace& trace) {
  return for_rows(weights_by_expert(trace.routing), trace);
}

// The one mixture whose experts' outputs are predictions; `key` = value asks for them.
template <class Value>
const MixtureTrace& only_mixture(const char* key, const Value& value,
                                 const std::vector<MixtureTrace>& traces) {
  if (traces.size() == 1 && traces.front().out_ENC) return traces.front();
  throw UserError(
      "{} = {} reads the outputs of every expert of one mixture; found {} mixture layers{}", key,
      value, traces.size(), traces.size() == 1 ? " without them" : "");
}

Tensor mean_of(const std::vector<Tensor>& scalars) {
  return scalars.size() == 1 ? scalars.front() : at::stack(scalars).mean();
}

// Of one mixture layer, by its number.
using Term = std::function<Tensor(size_t)>;

Tensor mean_over_layers(const std::string& name, double weight, const Term& term,
                        const std::vector<MixtureTrace>& traces) {
  if (traces.empty())
    throw UserError("loss.{} = {} found no mixture layer to read; expected a mixture, or 0", name,
                    weight);
  std::vector<Tensor> values;
  for (size_t layer = 0; layer < traces.size(); ++layer) {
    if (traces[layer].routing.probs_BE.size(1) == 1)
      throw UserError(
          "loss.{} = {} has no effect with one expert; expected expert.count of at "
          "least 2, or 0",
          name, weight);
    values.push_back(term(layer));
  }
  return mean_of(values);
}

void add_term(LossTerm term, LossTerms& loss) {
  loss.total = loss.total.defined() ? at::add(loss.total, term.value, term.weight)
                                    : term.weight * term.value;
  loss.terms.push_back(std::move(term));
}

void check_task(const LossConfig& config, OutputKind output) {
  const auto refuse = [&](const char* expected) {
    throw UserError("loss.kind = \"{}\" does not fit mixture.output = \"{}\"; expected {}",
                    config.kind, output_name(output), expected);
  };
  if (config.kind == "least_squares") {
    if (output != OutputKind::values) refuse("mixture.output = \"values\"");
  } else if (output == OutputKind::values) {
    refuse("loss.kind = \"least_squares\"");
  } else if (of_every_expert(config.kind)) {
    if (output != OutputKind::probabilities) refuse("mixture.output = \"probabilities\"");
  } else if (config.kind != "expectation") {
    throw UserError(
        "loss.kind = \"{}\"; expected one of expectation, stochastic, competitive, least_squares",
        config.kind);
  }
}

}  // namespace

Objective::Objective(const LossConfig& config, OutputKind output)
    : config_(config), output_(output) {
  check_task(config, output);
  if (config.task == 0 && !has_terms())
    throw UserError("loss.task = 0 leaves nothing to learn from; expected a weight for a term");
  if (config.gate_correctness != 0 && output == OutputKind::values)
    throw UserError(
        "loss.gate_correctness = {} reads the likelihood of a class; expected mixture.output = "
        "\"probabilities\" or \"logits\", or 0",
        config.gate_correctness);
  if (config.mutual_distillation != 0 && config.mutual_form == "kl" && output == OutputKind::values)
    throw UserError(
        "loss.mutual_form = \"kl\" compares probabilities of classes; expected mixture.output = "
        "\"probabilities\" or \"logits\", or another form");
  if (config.compares_samples() && config.similarity_distance == "features" &&
      config.similarity_run.empty())
    throw UserError(
        "loss.similarity_distance = \"features\" of no run; expected loss.similarity_run");
}

bool Objective::has_terms() const {
  return config_.importance != 0 || config_.switch_balance != 0 || config_.z_loss != 0 ||
         config_.compares_samples() || config_.gate_distillation != 0 ||
         config_.gate_correctness != 0 || config_.mutual_distillation != 0 ||
         config_.distillation != 0;
}

bool Objective::distils_all() const {
  return config_.mutual_experts == "all";
}

TraceNeeds Objective::needs() const {
  TraceNeeds needs;
  const bool mutual = config_.mutual_distillation != 0;
  needs.all_outputs =
      of_every_expert(config_.kind) || config_.gate_correctness != 0 || (mutual && distils_all());
  needs.chosen_outputs = mutual && !distils_all();
  return needs;
}

LossTerms Objective::operator()(const Tensor& mixed_NC, const std::vector<MixtureTrace>& traces,
                                const Batch& batch, const Guidance& guidance,
                                double progress) const {
  LossTerms loss;
  const Tensor answers_N = answers(batch.targets_N);
  const Tensor task = task_loss(mixed_NC, traces, answers_N);
  loss.terms.push_back({config_.kind, config_.task == 0 ? task.detach() : task, config_.task});
  if (config_.task != 0) loss.total = config_.task == 1 ? task : config_.task * task;

  const auto add = [&](const char* name, double weight, const Term& term) {
    if (weight != 0) add_term({name, mean_over_layers(name, weight, term, traces), weight}, loss);
  };
  const auto probs = [&](size_t layer) { return traces[layer].routing.probs_BE; };
  const auto valid = [&](size_t layer) { return valid_decisions(traces[layer]); };
  add("importance", config_.importance,
      [&](size_t layer) { return importance_loss(probs(layer), valid(layer)); });
  add("switch_balance", config_.switch_balance, [&](size_t layer) {
    return switch_balance_loss(probs(layer), traces[layer].routing.experts_BK, valid(layer));
  });
  add("z_loss", config_.z_loss,
      [&](size_t layer) { return z_loss(traces[layer].routing.scores_BE, valid(layer)); });

  std::vector<Similarity> similar;
  if (config_.compares_samples())
    for (const MixtureTrace& trace : traces)
      similar.push_back(similarity_of(trace, batch, guidance));
  add("similarity_same", config_.similarity_same,
      [&](size_t layer) { return similar[layer].same; });
  add("similarity_different", config_.similarity_different,
      [&](size_t layer) { return similar[layer].different; });

  add("gate_distillation", config_.gate_distillation,
      [&](size_t layer) { return distillation(traces[layer], guidance); });
  add("gate_correctness", config_.gate_correctness,
      [&](size_t) { return correctness(traces, answers_N); });
  if (config_.mutual_distillation != 0) add_mutual_distillation(traces, progress, loss);
  if (config_.distillation != 0)
    add_term({"distillation", from_teacher(mixed_NC, guidance), config_.distillation}, loss);
  return loss;
}

Tensor Objective::from_teacher(const Tensor& mixed_NC, const Guidance& guidance) const {
  if (!guidance.teacher_NC.defined())
    throw UserError("loss.distillation = {} needs a teacher; expected student.teacher",
                    config_.distillation);
  return distillation_loss(mixed_NC, guidance.teacher_NC, output_,
                           config_.distillation_temperature);
}

// V, and beside it, for the eye alone, the size of what it compares.
void Objective::add_mutual_distillation(const std::vector<MixtureTrace>& traces, double progress,
                                        LossTerms& loss) const {
  std::vector<Tensor> squares;
  const Tensor value = mean_over_layers(
      "mutual_distillation", config_.mutual_distillation,
      [&](size_t layer) {
        const MutualDistillation among = among_experts(traces[layer]);
        if (among.square.defined()) squares.push_back(among.square);
        return among.value;
      },
      traces);
  add_term({"mutual_distillation", value, mutual_weight(config_, progress)}, loss);
  if (!squares.empty()) loss.terms.push_back({"mutual_square", mean_of(squares), 0});
}

Tensor Objective::task_loss(const Tensor& mixed_NC, const std::vector<MixtureTrace>& traces,
                            const Tensor& targets_N) const {
  if (config_.kind == "expectation")
    return expectation_loss(mixed_NC, targets_N, output_, config_.label_smoothing);
  if (config_.kind == "least_squares") return least_squares_loss(mixed_NC, targets_N);
  const MixtureTrace& trace =
      only_mixture("loss.kind", fmt::format("\"{}\"", config_.kind), traces);
  const Tensor out_NEC = trace.out_ENC->transpose(0, 1);
  return config_.kind == "stochastic" ? stochastic_loss(out_NEC, row_weights(trace), targets_N)
                                      : competitive_loss(out_NEC, row_weights(trace), targets_N);
}

Similarity Objective::similarity_of(const MixtureTrace& trace, const Batch& batch,
                                    const Guidance& guidance) const {
  const bool first = config_.similarity_same != 0;
  const char* name = first ? "similarity_same" : "similarity_different";
  const double weight = first ? config_.similarity_same : config_.similarity_different;
  const int64_t samples = batch.inputs.size(0), found = trace.routing.probs_BE.size(0);
  if (samples != found)
    throw UserError("loss.{} = {} compares samples; expected one decision each, found {} for {}",
                    name, weight, found, samples);
  if (samples == 1)
    throw UserError(
        "loss.{} = {} compares the samples of a batch, and one row has no pairs; expected "
        "data.batch of at least 2, or 0",
        name, weight);
  const Tensor valid_B = valid_decisions(trace);
  return similarity(
      trace.routing.probs_BE, distances(batch, guidance, valid_B),
      config_.similarity_form == "published" ? SimilarityForm::published : SimilarityForm::balanced,
      valid_B);
}

Tensor Objective::distances(const Batch& batch, const Guidance& guidance,
                            const Tensor& valid_B) const {
  const std::string& kind = config_.similarity_distance;
  if (kind == "cosine") return cosine_distances(batch.inputs, valid_B);
  if (kind == "features") {
    if (!guidance.features_BF.defined())
      throw UserError(
          "loss.similarity_distance = \"features\" found no features; expected those of "
          "loss.similarity_run");
    MOESTRO_CHECK(guidance.features_BF.size(0) == batch.inputs.size(0));
    return euclidean_distances(guidance.features_BF, valid_B);
  }
  const Tensor distance_BB = euclidean_distances(batch.inputs, valid_B);
  if (kind == "constant") return constant_distances(distance_BB, valid_B);
  if (kind == "shuffled") return shuffled_distances(distance_BB, valid_B);
  MOESTRO_CHECK(kind == "euclidean", "{}", kind);
  return distance_BB;
}

Tensor Objective::distillation(const MixtureTrace& trace, const Guidance& guidance) const {
  const Tensor &probs_BE = trace.routing.probs_BE, &teacher_BE = guidance.teacher_probs_BE;
  if (!teacher_BE.defined())
    throw UserError("loss.gate_distillation = {} needs a teacher; expected start.run",
                    config_.gate_distillation);
  if (teacher_BE.size(1) != probs_BE.size(1))
    throw UserError(
        "loss.gate_distillation = {} has a teacher of {} experts for {}; expected as many",
        config_.gate_distillation, teacher_BE.size(1), probs_BE.size(1));
  return gate_divergence(probs_BE, teacher_BE, valid_decisions(trace));
}

Tensor Objective::correctness(const std::vector<MixtureTrace>& traces,
                              const Tensor& targets_N) const {
  const MixtureTrace& trace =
      only_mixture("loss.gate_correctness", config_.gate_correctness, traces);
  if (trace.rows_per_decision != 1)
    throw UserError("loss.gate_correctness = {} reads one label a decision; found {} rows in each",
                    config_.gate_correctness, trace.rows_per_decision);
  return gate_divergence(trace.routing.probs_BE,
                         correctness_targets(trace.out_ENC->transpose(0, 1), targets_N),
                         valid_decisions(trace));
}

MutualDistillation Objective::among_experts(const MixtureTrace& trace) const {
  const bool all = distils_all();
  if (!(all ? trace.out_ENC : trace.out_NKC))
    throw UserError(
        "loss.mutual_distillation = {} found no outputs of {} experts to read; expected "
        "those that needs() asks for",
        config_.mutual_distillation, all ? "all" : "the chosen");
  const Tensor out_KNC = all ? trace.out_ENC.value() : trace.out_NKC.value().transpose(0, 1);
  if (out_KNC.size(0) == 1)
    throw UserError(
        "loss.mutual_distillation = {} has no effect among the one expert that is chosen; expected "
        "loss.mutual_experts = \"all\", or more experts a decision",
        config_.mutual_distillation);
  if (config_.mutual_form == "kl")
    return divergence_distillation(out_KNC, config_.mutual_temperature, trace.valid_N);
  if (config_.mutual_form == "squared") return mutual_distillation(out_KNC, output_, trace.valid_N);
  MOESTRO_CHECK(config_.mutual_form == "gate_weighted", "{}", config_.mutual_form);
  const Tensor& weights_BK = all ? trace.routing.probs_BE : trace.routing.weights_BK;
  return weighted_distillation(out_KNC, for_rows(weights_BK, trace), output_, trace.valid_N);
}

}  // namespace moestro
