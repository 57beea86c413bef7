// Experts of a layer that every row meets, besides those that a gate chooses.
//
//   y = sum_s g_s s(x),   g_s = 1, or sigmoid(x . v_s)
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "moestro/nn/feed_forward_bank.h"

namespace moestro {

class SharedExperts {
 public:
  // S experts of a layer of that name: tensors "<layer>.shared.up.weight" ..., gated:
  // "<layer>.shared_gate" [1, D, S].
  SharedExperts(const FeedForwardShape& shape, const std::string& layer, int64_t experts,
                bool gated, uint64_t seed);

  Tensor forward(const Tensor& x_ND, const ForwardContext& context) const;  // [N, D]

  FeedForwardBank& bank() { return bank_; }
  std::vector<Parameter> parameters() const;
  Cost cost(double rows) const;

 private:
  FeedForwardBank bank_;
  std::optional<Parameter> gate_1DS_;
};

}  // namespace moestro
