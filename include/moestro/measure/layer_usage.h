// How one mixture layer uses its experts over a whole set, fed batch by batch: in all, by the place
// of a row's token and by the token itself.
#pragma once

#include <cstdint>

#include <c10/core/Device.h>

#include "moestro/core/tensor.h"
#include "moestro/nn/trace.h"

namespace moestro {

// A decision's choices are the K chosen experts with a weight above 0; of a gate that computes all
// experts the most probable one alone. On the CPU.
struct LayerUsage {
  int64_t decisions = 0;
  Tensor usage_E;             // double: share of the choices
  Tensor importance_E;        // double: mean probability
  double sample_entropy = 0;  // H_s = mean H(p), bits; measure/specialisation.h
  double usage_entropy = 0;   // H_u = H(mean p), bits
  // int64: choices by place and by token. Where a sentence is routed once, the sentence's choices
  // count for each of its rows.
  Tensor position_TE, token_VE;
};

class LayerUsageCounter {
 public:
  // positions: T, places of the longest sentence; vocabulary: V, 0 for rows that are no tokens.
  // Counts are kept on the device in int64, sums in double.
  LayerUsageCounter(int64_t experts, int64_t positions, int64_t vocabulary, c10::Device device);

  // int64, one a row of the trace: the place of its token, 0 .. T-1, and its id, 0 .. V-1
  // (undefined with V = 0). What stands at rows that are not valid does not matter.
  void add(const MixtureTrace& trace, const Tensor& positions_N, const Tensor& ids_N = {});

  // Throws UserError where no (valid) decision was added.
  LayerUsage result() const;

 private:
  int64_t experts_;
  Tensor decisions_, entropy_;       // scalars
  Tensor choices_E_, importance_E_;  // sums
  Tensor position_TE_, token_VE_;
};

}  // namespace moestro
