#include "learned_gate.h"

#include <ATen/ATen.h>

#include "moestro/core/error.h"

namespace moestro {

std::vector<LayerSpec> gate_layers(const GateConfig& config, const GateSetting& setting) {
  std::vector<LayerSpec> specs =
      parse_layers(config.layers, setting.input,
                   {setting.where, "experts", setting.experts, setting.categories});
  if (specs.back().kind != LayerKind::linear)
    throw UserError("{}: ends in \"{}\"; expected \"linear experts\" as the last layer",
                    setting.where, specs.back().text);
  return specs;
}

Tensor gate_softmax(const Tensor& scores_BE) {
  return at::softmax(scores_BE, -1, at::promote_types(scores_BE.scalar_type(), at::kFloat));
}

LearnedGate::LearnedGate(std::vector<LayerSpec> specs, const GateSetting& setting)
    : name_(setting.name), frozen_(std::make_shared<FreezeMask>(1, false)) {
  if (!specs.empty())
    network_.emplace(std::move(specs), LayerSetting{name_, 1, setting.seed, frozen_});
}

std::vector<Parameter> LearnedGate::parameters() const {
  std::vector<Parameter> all = network_ ? network_->parameters() : std::vector<Parameter>{};
  all.insert(all.end(), own_.begin(), own_.end());
  return all;
}

std::vector<Buffer> LearnedGate::buffers() const {
  return network_ ? network_->buffers() : std::vector<Buffer>{};
}

std::vector<std::string> LearnedGate::describe() const {
  return network_ ? network_->describe() : std::vector<std::string>{};
}

Cost LearnedGate::cost() const {
  return network_ ? cost_of(network_->specs()) : Cost{};
}

void LearnedGate::freeze(bool frozen) {
  frozen_->front() = frozen;
}

Tensor LearnedGate::run(const Tensor& x, const ForwardContext& context) const {
  if (!network_) return x.flatten(1);
  return network_->forward(x, {0, 1}, seen(context)).out_ENC.squeeze(0);
}

ForwardContext LearnedGate::seen(const ForwardContext& context) const {
  ForwardContext seen = context;
  seen.training = context.training && !frozen();
  return seen;
}

Parameter LearnedGate::own(Parameter parameter) {
  own_.push_back(parameter);
  return parameter;
}

LayerSetting LearnedGate::layer_setting(const GateSetting& setting, const std::string& name) const {
  return {name_ + "." + name, 1, setting.seed, frozen_};
}

}  // namespace moestro
