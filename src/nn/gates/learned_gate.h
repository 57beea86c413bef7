// What the learned gates share: the network of gate.layers, or its first layers, their tensors, and
// freezing.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "moestro/nn/gate.h"
#include "moestro/nn/network.h"

namespace moestro {

// The parsed gate.layers. Throws UserError unless they end in a linear layer of E scores.
std::vector<LayerSpec> gate_layers(const GateConfig& config, const GateSetting& setting);

// Over the last dimension, in float32 at least.
Tensor gate_softmax(const Tensor& scores_BE);

class LearnedGate : public Gate {
 public:
  std::vector<Parameter> parameters() const override;
  std::vector<Buffer> buffers() const override;
  std::vector<std::string> describe() const override;
  Cost cost() const override;  // of the network alone
  void freeze(bool frozen) override;

 protected:
  LearnedGate(std::vector<LayerSpec> specs, const GateSetting& setting);

  Tensor run(const Tensor& x, const ForwardContext& context) const;  // [B, width of the last layer]
  ForwardContext seen(const ForwardContext& context) const;          // evaluation where frozen
  bool frozen() const { return frozen_->front(); }
  const std::string& name() const { return name_; }
  // For a layer "<name()>.<name>" beside the network, and a parameter of it that parameters()
  // lists.
  LayerSetting layer_setting(const GateSetting& setting, const std::string& name) const;
  Parameter own(Parameter parameter);

 private:
  std::string name_;
  std::shared_ptr<FreezeMask> frozen_;
  std::optional<Network> network_;  // none for an empty list
  std::vector<Parameter> own_;
};

}  // namespace moestro
