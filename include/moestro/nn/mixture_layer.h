// A mixture in the place of a Transformer's feed-forward layer: gate + bank, and experts that every
// row meets.
//
//   y = sum_k w_k e_k(x) + sum_s g_s s(x)      (nn/shared_experts.h)
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "moestro/nn/feed_forward_bank.h"
#include "moestro/nn/gate.h"
#include "moestro/nn/packing.h"
#include "moestro/nn/shared_experts.h"
#include "moestro/nn/trace.h"
#include "moestro/nn/transformer_config.h"

namespace moestro {

struct MixtureLayerOutput {
  Tensor y_ND;
  MixtureTrace trace;
};

class MixtureLayer {
 public:
  // Tensors "<name>.experts.up.weight" ..., "<name>.gate....", "<name>.shared.up.weight" ...,
  // "<name>.shared_gate" [1, D, S]. Throws UserError for a gate that does not fit.
  MixtureLayer(const TransformerShape& shape, const std::string& name, uint64_t seed);

  // Packed rows x_ND. By token: N decisions. By sentence: B decisions, and in the trace out_ENC and
  // so on are padded to N = B * T rows with valid_N.
  MixtureLayerOutput forward(const Tensor& x_ND, const Packing& rows, const ForwardContext& context,
                             const TraceNeeds& needs) const;

  const std::string& name() const { return name_; }
  FeedForwardBank& bank() { return bank_; }
  const FeedForwardBank& bank() const { return bank_; }
  Gate& gate() { return *gate_; }
  const Gate& gate() const { return *gate_; }

  std::vector<Parameter> parameters() const;  // the experts', the gate's, the shared experts'
  std::vector<Buffer> buffers() const;
  std::vector<std::string> describe() const;
  // Of so many sentences of so many tokens; the weights of as many experts as they can reach.
  Cost cost(int64_t sentences, int64_t tokens) const;

 private:
  std::string name_;
  RouteBy route_;
  FeedForwardBank bank_;
  std::unique_ptr<Gate> gate_;
  std::optional<SharedExperts> shared_;
};

}  // namespace moestro
