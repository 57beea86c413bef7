#include "moestro/measure/layer_usage.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "moestro/core/error.h"
#include "moestro/measure/entropy.h"

namespace moestro {
namespace {

struct Choices {
  Tensor experts_BK, counts_BK;  // int64; counts: 1, or 0 for a choice that is none
};

Choices choices_of(const Routing& routing) {
  if (!routing.dense()) return {routing.experts_BK, routing.weights_BK.gt(0).to(at::kLong)};
  const Tensor owner_B1 = routing.probs_BE.argmax(1, /*keepdim=*/true);
  return {owner_B1, at::ones_like(owner_B1)};
}

// Each decision `repeats` times, those that are not valid counting 0.
Choices repeated(const Choices& choices, int64_t repeats, const Tensor& valid_N) {
  Choices rows{choices.experts_BK.repeat_interleave(repeats, 0),
               choices.counts_BK.repeat_interleave(repeats, 0)};
  if (valid_N.defined()) rows.counts_BK = rows.counts_BK * valid_N.unsqueeze(1);
  return rows;
}

// Adds to table[group, expert]; a group may be anything where the count is 0.
void count(Tensor& table_GE, const Tensor& groups_N, const Choices& choices) {
  const Tensor cells_NK = groups_N.unsqueeze(1) * table_GE.size(1) + choices.experts_BK;
  table_GE.view(-1).index_add_(0, cells_NK.mul(choices.counts_BK).flatten(),
                               choices.counts_BK.flatten());
}

}  // namespace

LayerUsageCounter::LayerUsageCounter(int64_t experts, int64_t positions, int64_t vocabulary,
                                     c10::Device device)
    : experts_(experts) {
  const auto options = at::TensorOptions().device(device);
  const auto counts = options.dtype(at::kLong), sums = options.dtype(at::kDouble);
  decisions_ = at::zeros({}, counts);
  entropy_ = at::zeros({}, sums);
  choices_E_ = at::zeros({experts}, counts);
  importance_E_ = at::zeros({experts}, sums);
  position_TE_ = at::zeros({positions, experts}, counts);
  token_VE_ = at::zeros({vocabulary, experts}, counts);
}

void LayerUsageCounter::add(const MixtureTrace& trace, const Tensor& positions_N,
                            const Tensor& ids_N) {
  const at::NoGradGuard no_gradients;
  const int64_t decisions = trace.routing.probs_BE.size(0), repeats = trace.rows_per_decision;
  const bool tokens = token_VE_.size(0) > 0;
  MOESTRO_CHECK(trace.routing.probs_BE.size(1) == experts_, "{} experts, expected {}",
                trace.routing.probs_BE.size(1), experts_);
  MOESTRO_CHECK(positions_N.size(0) == decisions * repeats, "{} positions of {} rows",
                positions_N.size(0), decisions * repeats);
  MOESTRO_CHECK(ids_N.defined() == tokens && (!tokens || ids_N.sizes() == positions_N.sizes()));
  const Tensor& valid_N = trace.valid_N;
  Tensor valid_B, probs_BE = trace.routing.probs_BE.to(at::kDouble);
  if (valid_N.defined()) {
    valid_B = valid_N.view({decisions, repeats}).any(1);
    probs_BE = probs_BE.masked_fill(valid_B.logical_not().unsqueeze(1), 0);
    decisions_ += valid_B.sum();
  } else {
    decisions_ += decisions;
  }
  importance_E_ += probs_BE.sum(0);
  entropy_ += entropy_bits(probs_BE).sum();

  const Choices choices = choices_of(trace.routing);
  const Choices of_decisions = repeated(choices, 1, valid_B);
  const Choices of_rows = repeated(choices, repeats, valid_N);
  choices_E_.index_add_(0, of_decisions.experts_BK.flatten(), of_decisions.counts_BK.flatten());
  count(position_TE_, positions_N, of_rows);
  if (tokens) count(token_VE_, ids_N, of_rows);
}

LayerUsage LayerUsageCounter::result() const {
  LayerUsage usage;
  usage.decisions = decisions_.item<int64_t>();
  if (usage.decisions == 0) throw UserError("usage: no decisions; expected at least one valid row");
  const Tensor choices_E = choices_E_.cpu().to(at::kDouble);
  usage.usage_E = choices_E / choices_E.sum();
  usage.importance_E = importance_E_.cpu() / usage.decisions;
  usage.sample_entropy = entropy_.item<double>() / static_cast<double>(usage.decisions);
  usage.usage_entropy = entropy_bits(usage.importance_E).item<double>();
  usage.position_TE = position_TE_.cpu();
  usage.token_VE = token_VE_.cpu();
  return usage;
}

}  // namespace moestro
