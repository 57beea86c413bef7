// E networks of one layer list, their parameters stacked: a bank of experts, or (E = 1) a gate's
// trunk.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "moestro/nn/layer.h"

namespace moestro {

struct NetworkOutput {
  Tensor out_ENC;
  std::optional<Tensor> hidden_ENF;  // a hidden layer before its activation, when asked for
};

class Network {
 public:
  // hidden: which hidden layer forward() gives, counted from the last. The place where layers are
  // fused by shape is the constructor: it turns specs into layers.
  Network(std::vector<LayerSpec> specs, const LayerSetting& setting, int64_t hidden = 1);

  // x: [N, C, H, W] or [N, D], shared by the experts. out_ENC has range.count experts.
  NetworkOutput forward(const Tensor& x, ExpertRange range, const ForwardContext& context,
                        bool want_hidden = false) const;

  int64_t experts() const { return setting_.experts; }
  const std::vector<LayerSpec>& specs() const { return specs_; }
  std::vector<Parameter> parameters() const;
  std::vector<Buffer> buffers() const;
  std::vector<std::string> describe() const;
  bool has(LayerKind kind) const;

 private:
  void fuse_blocks();

  std::vector<LayerSpec> specs_;
  LayerSetting setting_;
  std::vector<std::unique_ptr<Layer>> layers_;
  int64_t hidden_layer_;  // of layers_: its input is hidden_ENF; -1: none
};

}  // namespace moestro
