// What a gate over a bank does with packed rows: the part that mixture layers and layers of
// adapters share.
#pragma once

#include "moestro/nn/mixture_layer.h"

namespace moestro {

struct MixturePass {
  const FeedForwardBank& bank;
  const Gate& gate;
  int64_t experts;  // how many of the bank the gate knows: the first
  RouteBy route;
  bool wide = false;  // how: FeedForwardBank::forward_wide()

  // y_ND = sum_k w_k e_k(x), and the trace but for its layer's name and its ends.
  MixtureLayerOutput forward(const Tensor& x_ND, const Packing& rows, const ForwardContext& context,
                             const TraceNeeds& needs) const;

 private:
  NetworkOutput all_experts(const Tensor& x_ND, bool want_hidden,
                            const ForwardContext& context) const;
  Routing decide(const Tensor& x_ND, const Packing& rows, const NetworkOutput& all,
                 const ForwardContext& context) const;
  void keep(const TraceNeeds& needs, const Packing& rows, const NetworkOutput& all,
            const Tensor& out_NKD, MixtureTrace& trace) const;
};

}  // namespace moestro
