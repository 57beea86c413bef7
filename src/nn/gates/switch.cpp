#include "gates.h"
#include "learned_gate.h"

namespace moestro {
namespace {

class SwitchGate : public LearnedGate {
 public:
  SwitchGate(const GateConfig& config, const GateSetting& setting)
      : LearnedGate(gate_layers(config, setting), setting), experts_(setting.experts) {}

  std::optional<int64_t> chosen() const override {
    return experts_ > 1 ? std::optional<int64_t>(1) : std::nullopt;
  }

  Routing route(const GateInput& input, const ForwardContext& context) const override {
    const Tensor scores_BE = run(input.x, context);
    const Tensor probs_BE = gate_softmax(scores_BE);
    const Tensor experts_B1 = top_experts(scores_BE, 1);
    return {scores_BE, probs_BE, experts_B1, probs_BE.gather(1, experts_B1)};
  }

 private:
  int64_t experts_;
};

}  // namespace

std::unique_ptr<Gate> make_switch_gate(const GateConfig& config, const GateSetting& setting) {
  return std::make_unique<SwitchGate>(config, setting);
}

}  // namespace moestro
