#include "mixture_pass.h"

#include <ATen/ATen.h>

#include "moestro/nn/mixing.h"

namespace moestro {
namespace {

// Of N rows what B decisions say, sentence by sentence.
Tensor for_rows(const Tensor& decision_B, const Packing& rows, RouteBy route) {
  return route == RouteBy::token ? decision_B : decision_B.index_select(0, rows.sentence_N());
}

// Rows of the second dimension, padded: [E, N, D] -> [E, B * T, D].
Tensor padded(const Tensor& x_END, const Packing& rows) {
  return rows.pad(x_END.transpose(0, 1)).flatten(0, 1).transpose(0, 1);
}

}  // namespace

MixtureLayerOutput MixturePass::forward(const Tensor& x_ND, const Packing& rows,
                                        const ForwardContext& context,
                                        const TraceNeeds& needs) const {
  const bool gate_reads_hidden = gate.needs_hidden() && !context.forced;
  const bool want_hidden = needs.hidden || gate_reads_hidden;
  NetworkOutput all;
  if (needs.all_outputs || want_hidden) all = all_experts(x_ND, want_hidden, context);

  MixtureLayerOutput result;
  MixtureTrace& trace = result.trace;
  trace.routing = decide(x_ND, rows, all, context);
  const Tensor experts_NK = for_rows(trace.routing.experts_BK, rows, route);
  const Tensor weights_NK = for_rows(trace.routing.weights_BK, rows, route);
  Tensor out_NKD;
  if (all.out_ENC.defined())
    out_NKD = chosen_outputs(all.out_ENC, experts_NK);
  else if (needs.chosen_outputs)
    out_NKD = bank.forward_chosen(x_ND, experts_NK, context);
  if (out_NKD.defined())
    result.y_ND = mix(out_NKD, weights_NK, OutputKind::values).to(x_ND.scalar_type());
  else
    result.y_ND = wide ? bank.forward_wide(x_ND, experts_NK, weights_NK, context)
                       : bank.forward_mixed(x_ND, experts_NK, weights_NK, context);
  keep(needs, rows, all, out_NKD, trace);
  return result;
}

NetworkOutput MixturePass::all_experts(const Tensor& x_ND, bool want_hidden,
                                       const ForwardContext& context) const {
  NetworkOutput all = bank.forward_all(x_ND, want_hidden, context);
  if (experts == bank.experts()) return all;
  all.out_ENC = all.out_ENC.narrow(0, 0, experts);
  if (want_hidden) all.hidden_ENF = all.hidden_ENF->narrow(0, 0, experts);
  return all;
}

// A sentence that is routed once has one decision for T rows, hence padded ones.
void MixturePass::keep(const TraceNeeds& needs, const Packing& rows, const NetworkOutput& all,
                       const Tensor& out_NKD, MixtureTrace& trace) const {
  const bool by_sentence = route != RouteBy::token;
  const auto kept = [&](const Tensor& x_END) { return by_sentence ? padded(x_END, rows) : x_END; };
  if (by_sentence) {
    trace.rows_per_decision = rows.longest();
    if (!rows.full()) trace.valid_N = rows.valid_BT().flatten();
  }
  if (needs.all_outputs) trace.out_ENC = kept(all.out_ENC);
  if (needs.hidden) trace.hidden_ENF = kept(*all.hidden_ENF);
  if (needs.chosen_outputs) trace.out_NKC = by_sentence ? rows.pad(out_NKD).flatten(0, 1) : out_NKD;
}

Routing MixturePass::decide(const Tensor& x_ND, const Packing& rows, const NetworkOutput& all,
                            const ForwardContext& context) const {
  if (context.forced) {
    const int64_t decisions = route == RouteBy::token ? rows.rows() : rows.sentences();
    return forced_routing(
        at::full({decisions, 1}, context.forced->expert, x_ND.options().dtype(at::kLong)), experts);
  }
  if (route == RouteBy::token)
    return gate.route({x_ND, all.hidden_ENF.value_or(Tensor())}, context);
  return gate.route({route == RouteBy::mean ? rows.mean(x_ND) : rows.first(x_ND), {}}, context);
}

}  // namespace moestro
