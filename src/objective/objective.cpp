#include "moestro/objective/objective.h"

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "moestro/objective/balance.h"
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

// [N, E]: a decision's weights for each of its rows.
Tensor row_weights(const MixtureTrace& trace) {
  const Tensor weights_BE = weights_by_expert(trace.routing);
  return trace.rows_per_decision == 1 ? weights_BE
                                      : weights_BE.repeat_interleave(trace.rows_per_decision, 0);
}

using Term = Tensor (*)(const MixtureTrace&);

Tensor importance(const MixtureTrace& trace) {
  return importance_loss(trace.routing.probs_BE, valid_decisions(trace));
}

Tensor switch_balance(const MixtureTrace& trace) {
  return switch_balance_loss(trace.routing.probs_BE, trace.routing.experts_BK,
                             valid_decisions(trace));
}

Tensor z(const MixtureTrace& trace) {
  return z_loss(trace.routing.scores_BE, valid_decisions(trace));
}

Tensor mean_over_layers(const std::string& name, double weight, Term term,
                        const std::vector<MixtureTrace>& traces) {
  if (traces.empty())
    throw UserError("loss.{} = {} found no mixture layer to read; expected a mixture, or 0", name,
                    weight);
  std::vector<Tensor> values;
  for (const MixtureTrace& trace : traces) {
    if (trace.routing.probs_BE.size(1) == 1)
      throw UserError(
          "loss.{} = {} has no effect with one expert; expected expert.count of at "
          "least 2, or 0",
          name, weight);
    values.push_back(term(trace));
  }
  return values.size() == 1 ? values.front() : at::stack(values).mean();
}

}  // namespace

Objective::Objective(const LossConfig& config, OutputKind output)
    : config_(config), output_(output) {
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

TraceNeeds Objective::needs() const {
  TraceNeeds needs;
  needs.all_outputs = of_every_expert(config_.kind);
  return needs;
}

LossTerms Objective::operator()(const Tensor& mixed_NC, const std::vector<MixtureTrace>& traces,
                                const Tensor& targets_N) const {
  LossTerms loss;
  loss.terms.push_back({config_.kind, task_loss(mixed_NC, traces, targets_N), 1});
  loss.total = loss.terms.front().value;
  const auto add = [&](const char* name, double weight, Term term) {
    if (weight == 0) return;
    const Tensor value = mean_over_layers(name, weight, term, traces);
    loss.terms.push_back({name, value, weight});
    loss.total = loss.total + weight * value;
  };
  add("importance", config_.importance, importance);
  add("switch_balance", config_.switch_balance, switch_balance);
  add("z_loss", config_.z_loss, z);
  return loss;
}

Tensor Objective::task_loss(const Tensor& mixed_NC, const std::vector<MixtureTrace>& traces,
                            const Tensor& targets_N) const {
  if (config_.kind == "expectation") return expectation_loss(mixed_NC, targets_N, output_);
  if (config_.kind == "least_squares") return least_squares_loss(mixed_NC, targets_N);
  if (traces.size() != 1 || !traces.front().out_ENC)
    throw UserError(
        "loss.kind = \"{}\" reads the outputs of every expert of one mixture; found {} mixture "
        "layers{}",
        config_.kind, traces.size(), traces.size() == 1 ? " without them" : "");
  const MixtureTrace& trace = traces.front();
  const Tensor out_NEC = trace.out_ENC->transpose(0, 1);
  return config_.kind == "stochastic" ? stochastic_loss(out_NEC, row_weights(trace), targets_N)
                                      : competitive_loss(out_NEC, row_weights(trace), targets_N);
}

}  // namespace moestro
