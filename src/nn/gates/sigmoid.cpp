#include <ATen/core/grad_mode.h>

#include <ATen/ATen.h>

#include "gates.h"
#include "learned_gate.h"

namespace moestro {
namespace {

class SigmoidGate : public LearnedGate {
 public:
  SigmoidGate(const GateConfig& config, const GateSetting& setting)
      : LearnedGate(gate_layers(config, setting), setting),
        k_(config.k),
        rate_(config.bias_rate),
        bias_E_(at::zeros({setting.experts}, at::kFloat)) {}

  std::optional<int64_t> chosen() const override {
    return k_ < bias_E_.size(0) ? std::optional(k_) : std::nullopt;
  }

  // s_i / sum s = softmax_i(log s): in log space, so that scores far below zero do not give 0 / 0.
  Routing route(const GateInput& input, const ForwardContext& context) const override {
    const Tensor scores_BE = run(input.x, context);
    const Tensor exact_BE = scores_BE.to(at::promote_types(scores_BE.scalar_type(), at::kFloat));
    const Tensor log_s_BE = at::log_sigmoid(exact_BE);
    const Tensor experts_BK = top_experts(exact_BE.detach().sigmoid() + bias_E_, k_);
    return {scores_BE, gate_softmax(log_s_BE), experts_BK,
            gate_softmax(log_s_BE.gather(1, experts_BK))};
  }

  void after_step(const Routing& routing) override {
    if (frozen()) return;
    const c10::NoGradGuard no_gradient;
    const int64_t experts = bias_E_.size(0);
    const Tensor chosen = routing.experts_BK.flatten();
    const Tensor load_E =
        at::zeros({experts}, chosen.options())
            .scatter_add_(0, chosen, at::ones({1}, chosen.options()).expand_as(chosen));
    const Tensor missing_E = chosen.numel() - load_E * experts;  // E (mean - load), exactly
    bias_E_.add_(missing_E.sign().to(bias_E_.scalar_type()), rate_);
  }

  std::vector<Buffer> buffers() const override {
    std::vector<Buffer> all = LearnedGate::buffers();
    all.push_back({name() + ".balance_bias", bias_E_});
    return all;
  }

 private:
  int64_t k_;
  double rate_;
  Tensor bias_E_;
};

}  // namespace

std::unique_ptr<Gate> make_sigmoid_gate(const GateConfig& config, const GateSetting& setting) {
  return std::make_unique<SigmoidGate>(config, setting);
}

}  // namespace moestro
