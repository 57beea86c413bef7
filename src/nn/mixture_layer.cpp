#include "moestro/nn/mixture_layer.h"

#include <cmath>

#include <ATen/ATen.h>

#include "layers/stacked.h"
#include "moestro/core/error.h"
#include "moestro/nn/mixing.h"

namespace moestro {
namespace {

int64_t expert_hidden(const TransformerShape& shape) {
  return shape.mixture.hidden > 0 ? shape.mixture.hidden : shape.hidden;
}

FeedForwardShape feed_forward_shape(const TransformerShape& shape, int64_t hidden) {
  return {shape.width, hidden, shape.activation, shape.bias};
}

std::unique_ptr<Gate> gate_of(const TransformerShape& shape, const std::string& name,
                              uint64_t seed) {
  GateSetting setting;
  setting.name = name + ".gate";
  setting.input = {shape.width};
  setting.experts = shape.mixture.experts;
  const int64_t hidden = expert_hidden(shape);
  setting.expert_hidden = shape.activation == FeedForwardKind::swiglu ? 2 * hidden : hidden;
  setting.seed = seed;
  setting.where = "gate.layers";
  return make_gate(shape.mixture.gate, setting);
}

// Of N rows what B decisions say, sentence by sentence.
Tensor for_rows(const Tensor& decision_B, const Packing& rows, RouteBy route) {
  return route == RouteBy::token ? decision_B : decision_B.index_select(0, rows.sentence_N());
}

// Rows of the second dimension, padded: [E, N, D] -> [E, B * T, D].
Tensor padded(const Tensor& x_END, const Packing& rows) {
  return rows.pad(x_END.transpose(0, 1)).flatten(0, 1).transpose(0, 1);
}

}  // namespace

MixtureLayer::MixtureLayer(const TransformerShape& shape, const std::string& name, uint64_t seed)
    : name_(name),
      route_(shape.mixture.route),
      bank_(feed_forward_shape(shape, expert_hidden(shape)), name + ".experts",
            shape.mixture.experts, seed),
      gate_(gate_of(shape, name, seed)) {
  const MixtureShape& mixture = shape.mixture;
  if (gate_->needs_hidden() && route_ != RouteBy::token)
    throw UserError(
        "gate.kind = \"attentive\" reads the experts' hidden layers token by token; expected "
        "model.route = \"token\"");
  if (mixture.shared == 0) return;
  const int64_t hidden = mixture.shared_hidden > 0 ? mixture.shared_hidden : expert_hidden(shape);
  shared_.emplace(feed_forward_shape(shape, hidden), name + ".shared", mixture.shared, seed);
  if (mixture.shared_gate)
    shared_gate_1DS_ = draw_parameter({name, 1, seed}, "shared_gate", {shape.width, mixture.shared},
                                      1 / std::sqrt(static_cast<double>(shape.width)));
}

MixtureLayerOutput MixtureLayer::forward(const Tensor& x_ND, const Packing& rows,
                                         const ForwardContext& context,
                                         const TraceNeeds& needs) const {
  const bool gate_reads_hidden = gate_->needs_hidden() && !context.forced;
  const bool want_hidden = needs.hidden || gate_reads_hidden;
  // Where every row goes to every expert a GPU is faster without sorting rows by expert.
  const bool all_at_once = x_ND.is_cuda() && !gate_->sparse();
  NetworkOutput experts;
  if (needs.all_outputs || want_hidden || all_at_once)
    experts = bank_.forward_all(x_ND, want_hidden);

  MixtureLayerOutput result;
  MixtureTrace& trace = result.trace;
  trace.layer = name_;
  trace.routing = decide(x_ND, rows, experts, context);
  const Tensor experts_NK = for_rows(trace.routing.experts_BK, rows, route_);
  const Tensor weights_NK = for_rows(trace.routing.weights_BK, rows, route_);
  Tensor out_NKD;
  if (experts.out_ENC.defined())
    out_NKD = chosen_outputs(experts.out_ENC, experts_NK);
  else if (needs.chosen_outputs)
    out_NKD = bank_.forward_chosen(x_ND, experts_NK);
  result.y_ND = out_NKD.defined()
                    ? mix(out_NKD, weights_NK, OutputKind::values).to(x_ND.scalar_type())
                    : bank_.forward_mixed(x_ND, experts_NK, weights_NK);
  if (shared_) result.y_ND = result.y_ND + shared(x_ND);

  keep(needs, rows, experts, out_NKD, trace);
  if (needs.ends) trace.x_MD = x_ND, trace.y_MD = result.y_ND;
  return result;
}

// A sentence that is routed once has one decision for T rows, hence padded ones.
void MixtureLayer::keep(const TraceNeeds& needs, const Packing& rows, const NetworkOutput& experts,
                        const Tensor& out_NKD, MixtureTrace& trace) const {
  const bool by_sentence = route_ != RouteBy::token;
  const auto kept = [&](const Tensor& x_END) { return by_sentence ? padded(x_END, rows) : x_END; };
  if (by_sentence) {
    trace.rows_per_decision = rows.longest();
    if (!rows.full()) trace.valid_N = rows.valid_BT().flatten();
  }
  if (needs.all_outputs) trace.out_ENC = kept(experts.out_ENC);
  if (needs.hidden) trace.hidden_ENF = kept(*experts.hidden_ENF);
  if (needs.chosen_outputs) trace.out_NKC = by_sentence ? rows.pad(out_NKD).flatten(0, 1) : out_NKD;
}

Routing MixtureLayer::decide(const Tensor& x_ND, const Packing& rows, const NetworkOutput& experts,
                             const ForwardContext& context) const {
  if (context.forced) {
    const int64_t decisions = route_ == RouteBy::token ? rows.rows() : rows.sentences();
    return forced_routing(
        at::full({decisions, 1}, context.forced->expert, x_ND.options().dtype(at::kLong)),
        bank_.experts());
  }
  if (route_ == RouteBy::token)
    return gate_->route({x_ND, experts.hidden_ENF.value_or(Tensor())}, context);
  return gate_->route({route_ == RouteBy::mean ? rows.mean(x_ND) : rows.first(x_ND), {}}, context);
}

Tensor MixtureLayer::shared(const Tensor& x_ND) const {
  Tensor open_NS;
  if (shared_gate_1DS_)
    open_NS = x_ND.matmul(live_one(*shared_gate_1DS_, 0, x_ND.scalar_type())).sigmoid();
  Tensor sum_ND;
  for (int64_t s = 0; s < shared_->experts(); ++s) {
    Tensor out_ND = shared_->forward_one(s, x_ND);
    if (open_NS.defined()) out_ND = out_ND * open_NS.select(1, s).unsqueeze(1);
    sum_ND = s == 0 ? out_ND : sum_ND + out_ND;
  }
  return sum_ND;
}

std::vector<Parameter> MixtureLayer::parameters() const {
  std::vector<Parameter> all = bank_.parameters();
  append(all, gate_->parameters());
  if (shared_) append(all, shared_->parameters());
  if (shared_gate_1DS_) all.push_back(*shared_gate_1DS_);
  return all;
}

std::vector<Buffer> MixtureLayer::buffers() const {
  return gate_->buffers();
}

Cost MixtureLayer::cost(int64_t sentences, int64_t tokens) const {
  const auto rows = static_cast<double>(sentences * tokens);
  const double decisions = route_ == RouteBy::token ? rows : static_cast<double>(sentences);
  const auto all = static_cast<double>(bank_.experts());
  const auto chosen = static_cast<double>(gate_->chosen().value_or(bank_.experts()));
  Cost cost = bank_.cost().times(rows * chosen, std::min(all, decisions * chosen));
  cost += gate_->cost().times(decisions, 1);
  if (shared_) cost += cost_of_products(shared_->parameters(), rows);
  if (shared_gate_1DS_) cost += cost_of_products({*shared_gate_1DS_}, rows);
  return cost;
}

std::vector<std::string> MixtureLayer::describe() const {
  std::vector<std::string> lines = {name_ + ".experts: " + bank_.describe()};
  for (const std::string& line : gate_->describe()) lines.push_back(name_ + ".gate: " + line);
  return lines;
}

}  // namespace moestro
