#include "moestro/nn/shared_experts.h"

#include <cmath>

#include <ATen/ATen.h>

#include "layers/stacked.h"

namespace moestro {

SharedExperts::SharedExperts(const FeedForwardShape& shape, const std::string& layer,
                             int64_t experts, bool gated, uint64_t seed)
    : bank_(shape, layer + ".shared", experts, seed) {
  if (gated)
    gate_1DS_ = draw_parameter({layer, 1, seed}, "shared_gate", {shape.width, experts},
                               1 / std::sqrt(static_cast<double>(shape.width)));
}

Tensor SharedExperts::forward(const Tensor& x_ND, const ForwardContext& context) const {
  Tensor open_NS;
  if (gate_1DS_) open_NS = x_ND.matmul(live_one(*gate_1DS_, 0, x_ND.scalar_type())).sigmoid();
  Tensor sum_ND;
  for (int64_t s = 0; s < bank_.experts(); ++s) {
    Tensor out_ND = bank_.forward_one(s, x_ND, context);
    if (open_NS.defined()) out_ND = out_ND * open_NS.select(1, s).unsqueeze(1);
    sum_ND = s == 0 ? out_ND : sum_ND + out_ND;
  }
  return sum_ND;
}

std::vector<Parameter> SharedExperts::parameters() const {
  std::vector<Parameter> all = bank_.parameters();
  if (gate_1DS_) all.push_back(*gate_1DS_);
  return all;
}

Cost SharedExperts::cost(double rows) const {
  return cost_of_products(parameters(), rows);
}

}  // namespace moestro
