#include "moestro/core/error.h"
#include "moestro/nn/gate.h"

namespace moestro {
namespace {

class TopOneGate : public Gate {
 public:
  explicit TopOneGate(std::unique_ptr<Gate> gate) : gate_(std::move(gate)) {}

  Routing route(const GateInput& input, const ForwardContext& context) const override {
    return top_one(gate_->route(input, context));
  }
  bool needs_hidden() const override { return gate_->needs_hidden(); }
  std::optional<int64_t> chosen() const override { return 1; }
  void after_step(const Routing& routing) override { gate_->after_step(routing); }
  std::vector<Parameter> parameters() const override { return gate_->parameters(); }
  std::vector<Buffer> buffers() const override { return gate_->buffers(); }
  std::vector<std::string> describe() const override { return gate_->describe(); }
  Cost cost() const override { return gate_->cost(); }
  void freeze(bool frozen) override { gate_->freeze(frozen); }

 private:
  std::unique_ptr<Gate> gate_;
};

}  // namespace

std::unique_ptr<Gate> make_top_one_gate(std::unique_ptr<Gate> gate) {
  MOESTRO_CHECK(gate && !gate->needs_hidden(), "a gate that reads all experts");
  return std::make_unique<TopOneGate>(std::move(gate));
}

}  // namespace moestro
