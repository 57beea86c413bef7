// How the outputs of the chosen experts become one.
#pragma once

#include <string>

#include "moestro/core/tensor.h"

namespace moestro {

enum class OutputKind {
  probabilities,  // sum_k w_k softmax(o_k), kept as its logarithm
  logits,         // sum_k w_k o_k, before one softmax
  values,         // sum_k w_k o_k, regression
};

OutputKind output_kind(const std::string& name);  // throws UserError
std::string output_name(OutputKind kind);

// out_NKC, weights_NK -> [N, C]: log probabilities (probabilities: logsumexp_k(log w_k +
// log_softmax(o_k)), in log space), logits or values; float32 at least. Where the weights of a row
// do not sum to 1 (a switch gate), the probabilities do not either.
Tensor mix(const Tensor& out_NKC, const Tensor& weights_NK, OutputKind kind);

// out_ENC -> [N, K, C]: of each row its chosen experts' outputs. A view where all are chosen: then
// column i is expert i.
Tensor chosen_outputs(const Tensor& out_ENC, const Tensor& experts_NK);

// Which kernel mixes, and when.
std::string describe_mixing(OutputKind kind);

// log w; -inf without a gradient (rather than one of NaN) where w is exactly 0.
Tensor log_weights(const Tensor& weights);

}  // namespace moestro
