#include "gates.h"
#include "learned_gate.h"

namespace moestro {
namespace {

class SoftmaxGate : public LearnedGate {
 public:
  SoftmaxGate(const GateConfig& config, const GateSetting& setting)
      : LearnedGate(gate_layers(config, setting), setting) {}

  Routing route(const GateInput& input, const ForwardContext& context) const override {
    const Tensor scores_BE = run(input.x, context);
    return dense_routing(scores_BE, gate_softmax(scores_BE));
  }
};

}  // namespace

std::unique_ptr<Gate> make_softmax_gate(const GateConfig& config, const GateSetting& setting) {
  return std::make_unique<SoftmaxGate>(config, setting);
}

}  // namespace moestro
