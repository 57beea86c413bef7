#include "moestro/nn/mixture.h"

#include "moestro/core/beside.h"
#include "moestro/core/error.h"

namespace moestro {
namespace {

constexpr const char* kLayer = "mixture";

}  // namespace

Mixture::Mixture(ExpertBank bank, std::unique_ptr<Gate> gate, OutputKind output)
    : bank_(std::move(bank)), gate_(std::move(gate)), output_(output) {
  MOESTRO_CHECK(gate_, "a mixture without a gate");
}

ModelOutput Mixture::forward(const Tensor& inputs, const ForwardContext& context,
                             const TraceNeeds& needs) const {
  const Tensor x = in_precision(inputs, context);
  ModelOutput result;
  MixtureTrace& trace = result.traces.emplace_back();
  trace.layer = kLayer;
  NetworkOutput experts;
  const bool want_hidden = needs.hidden || gate_->needs_hidden();
  if (needs.all_outputs || want_hidden || !gate_->sparse()) {
    Beside work(x.device(), [&] { experts = bank_.forward_all(x, context, want_hidden); });
    work.share({x, experts.out_ENC, experts.hidden_ENF.value_or(Tensor())});
    GateInput input{x, {}, &work};
    if (gate_->needs_hidden()) {
      MOESTRO_CHECK(experts.hidden_ENF, "experts without a hidden layer");
      input.hidden_EBF = *experts.hidden_ENF;
    }
    trace.routing = gate_->route(input, context);
  } else {
    trace.routing = gate_->route({x}, context);
  }
  const Tensor out_NKC = experts.out_ENC.defined()
                             ? chosen_outputs(experts.out_ENC, trace.routing.experts_BK)
                             : bank_.forward_routed(x, trace.routing.experts_BK, context);
  if (needs.all_outputs) trace.out_ENC = experts.out_ENC;
  if (needs.hidden) trace.hidden_ENF = experts.hidden_ENF;
  if (needs.chosen_outputs) trace.out_NKC = out_NKC;
  result.mixed_NC = mix(out_NKC, trace.routing.weights_BK, output_);
  return result;
}

Tensor Mixture::forward_with(const Tensor& inputs, const Routing& routing,
                             const ForwardContext& context) const {
  const Tensor x = in_precision(inputs, context);
  MOESTRO_CHECK(routing.experts_BK.size(0) == x.size(0), "{} decisions for {} rows",
                routing.experts_BK.size(0), x.size(0));
  const Tensor out_NKC =
      routing.dense() ? chosen_outputs(bank_.forward_all(x, context).out_ENC, routing.experts_BK)
                      : bank_.forward_routed(x, routing.experts_BK, context);
  return mix(out_NKC, routing.weights_BK, output_);
}

void Mixture::choose_one() {
  const auto refuse = [](const char* why, const char* expected) {
    throw UserError("one expert a row saves nothing: {}; expected {}", why, expected);
  };
  if (bank_.experts() == 1) refuse("there is but one", "a mixture of several");
  if (gate_->needs_hidden())
    refuse("the gate reads a hidden layer of every expert",
           "a gate that does not; [start] distils a plain one from it");
  if (gate_->chosen() == 1) refuse("the gate chooses one already", "one that mixes several");
  gate_ = make_top_one_gate(std::move(gate_));
}

void Mixture::after_step(const std::vector<MixtureTrace>& traces) {
  gate_->after_step(traces.front().routing);
}

std::vector<MixtureName> Mixture::mixture_names() const {
  return {{kLayer, bank_.experts()}};
}

std::vector<Parameter> Mixture::parameters() const {
  std::vector<Parameter> all = bank_.parameters();
  append(all, gate_->parameters());
  return all;
}

std::vector<Buffer> Mixture::buffers() const {
  std::vector<Buffer> all = bank_.buffers();
  const std::vector<Buffer> gate = gate_->buffers();
  all.insert(all.end(), gate.begin(), gate.end());
  return all;
}

Cost Mixture::cost(int64_t) const {
  const auto computed = static_cast<double>(gate_->chosen().value_or(bank_.experts()));
  Cost cost = cost_of(bank_.specs()).times(computed, computed);
  cost += gate_->cost();
  return cost;
}

std::vector<std::string> Mixture::describe() const {
  std::vector<std::string> lines;
  if (gate_->sparse()) lines.push_back("experts: " + bank_.describe_routed());
  for (const std::string& line : bank_.describe()) lines.push_back("experts: " + line);
  for (const std::string& line : gate_->describe()) lines.push_back("gate: " + line);
  lines.push_back("mixture: " + describe_mixing(output_));
  return lines;
}

}  // namespace moestro
