// What a gate decided, one decision a row.
#pragma once

#include "moestro/core/tensor.h"

namespace moestro {

struct Routing {
  Tensor scores_BE;  // the gate's raw output
  Tensor
      probs_BE;  // rows sum to 1, whatever the gate (sigmoid gates: normalised scores; top-k gates:
                 // softmax over all E before the cut, with the training noise); what measures read
  Tensor experts_BK;  // int64, chosen; K == E for a dense gate, then column i is expert i
  Tensor weights_BK;  // what the chosen outputs are multiplied with

  bool dense() const { return experts_BK.size(1) == probs_BE.size(1); }
};

// Every expert contributes with its probability.
Routing dense_routing(const Tensor& scores_BE, const Tensor& probs_BE);

// A given map: row b goes to the K different experts of experts_BK with even weights, out of
// `experts`. For controls, probing one expert, and benchmarks with forced loads. Throws UserError
// for an expert outside 0 .. E-1 or twice in a row.
Routing forced_routing(const Tensor& experts_BK, int64_t experts);

// The most probable expert alone, with weight 1: what the mixture does once made hard.
Routing top_one(const Routing& routing);

// int64 [B, k]: the k highest of a row, highest first, of equal ones the lower index first; with
// k == E all of them, column i being expert i.
Tensor top_experts(const Tensor& scores_BE, int64_t k);

// [B, E]: the weights by expert, 0 for those not chosen.
Tensor weights_by_expert(const Routing& routing);

}  // namespace moestro
