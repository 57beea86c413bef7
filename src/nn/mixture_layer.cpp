#include "moestro/nn/mixture_layer.h"

#include <algorithm>

#include "mixture_pass.h"
#include "moestro/core/error.h"

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
  shared_.emplace(feed_forward_shape(shape, hidden), name, mixture.shared, mixture.shared_gate,
                  seed);
}

MixtureLayerOutput MixtureLayer::forward(const Tensor& x_ND, const Packing& rows,
                                         const ForwardContext& context,
                                         const TraceNeeds& needs) const {
  MixtureLayerOutput result =
      MixturePass{bank_, *gate_, bank_.experts(), route_, x_ND.is_cuda() && !gate_->sparse()}
          .forward(x_ND, rows, context, needs);
  result.trace.layer = name_;
  if (shared_) result.y_ND = result.y_ND + shared_->forward(x_ND, context);
  if (needs.ends) result.trace.x_MD = x_ND, result.trace.y_MD = result.y_ND;
  return result;
}

std::vector<Parameter> MixtureLayer::parameters() const {
  std::vector<Parameter> all = bank_.parameters();
  append(all, gate_->parameters());
  if (shared_) append(all, shared_->parameters());
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
  if (shared_) cost += shared_->cost(rows);
  return cost;
}

std::vector<std::string> MixtureLayer::describe() const {
  std::vector<std::string> lines = {name_ + ".experts: " + bank_.describe()};
  for (const std::string& line : gate_->describe()) lines.push_back(name_ + ".gate: " + line);
  return lines;
}

}  // namespace moestro
