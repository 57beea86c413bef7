#include <ATen/ATen.h>

#include "../layers/stacked.h"
#include "gates.h"
#include "learned_gate.h"
#include "moestro/core/on_device.h"
#include "moestro/core/random.h"

namespace moestro {
namespace {

std::vector<LayerSpec> without_last(std::vector<LayerSpec> specs) {
  specs.pop_back();
  return specs;
}

class NoisyTopKGate : public LearnedGate {
 public:
  NoisyTopKGate(const GateConfig& config, const GateSetting& setting,
                const std::vector<LayerSpec>& specs)
      : LearnedGate(without_last(specs), setting), k_(config.k), least_noise_(config.least_noise) {
    const LayerSpec& last = specs.back();
    clean_ = make_layer(last, layer_setting(setting, std::to_string(last.index)));
    for (const Parameter& parameter : clean_->parameters()) own(parameter);
    noise_1DE_ = own(constant_parameter(layer_setting(setting, "noise"), "weight",
                                        {last.in.front(), setting.experts}, 0));
  }

  std::optional<int64_t> chosen() const override {
    return k_ < noise_1DE_.value.size(2) ? std::optional(k_) : std::nullopt;
  }

  // The noise is training's.
  Cost cost() const override {
    Cost cost = LearnedGate::cost();
    cost += cost_of_products(clean_->parameters(), 1);
    return cost;
  }

  Routing route(const GateInput& input, const ForwardContext& context) const override {
    const Tensor hidden_1BD = run(input.x, context).unsqueeze(0);
    Tensor scores_BE =
        clean_->forward({hidden_1BD, 1, false}, {0, 1}, seen(context)).value.squeeze(0);
    if (seen(context).training) scores_BE = scores_BE + noise(hidden_1BD, context);
    const Tensor probs_BE = gate_softmax(scores_BE);
    const Tensor experts_BK = top_experts(scores_BE, k_);
    return {scores_BE, probs_BE, experts_BK, gate_softmax(scores_BE.gather(1, experts_BK))};
  }

 private:
  // Drawn on the CPU, so that it is the same on every device.
  Tensor noise(const Tensor& hidden_1BD, const ForwardContext& context) const {
    const Tensor width_BE =
        at::softplus(
            hidden_1BD.matmul(live(noise_1DE_, {0, 1}, hidden_1BD.scalar_type())).squeeze(0)) +
        least_noise_;
    const RandomKey key{context.seed, Stream::noise, name(), context.step};
    const Tensor drawn_BE = at::randn(width_BE.sizes(), generator(key), at::kFloat);
    return width_BE * on_device(drawn_BE, width_BE.device()).to(width_BE.scalar_type());
  }

  int64_t k_;
  double least_noise_;
  std::unique_ptr<Layer> clean_;
  Parameter noise_1DE_;
};

}  // namespace

std::unique_ptr<Gate> make_noisy_topk_gate(const GateConfig& config, const GateSetting& setting) {
  return std::make_unique<NoisyTopKGate>(config, setting, gate_layers(config, setting));
}

}  // namespace moestro
