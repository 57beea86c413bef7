// The losses of the task itself (arXiv 2302.14703; Jacobs et al. 1991). p_NE: mixing weights;
// out_NEC: expert outputs before any softmax; l_i = -log softmax(o_i)[y], the loss of expert i
// alone.
#pragma once

#include "moestro/nn/mixing.h"

namespace moestro {

// l_i: [N, E], float32 at least.
Tensor losses_of_experts(const Tensor& out_NEC, const Tensor& targets_N);

// Mean of -log yhat[y], yhat = sum_i p_i softmax(o_i); mixed_NC holds log yhat (probabilities) or
// the mixed logits. smoothing s: of -(1 - s) log yhat[y] - s / C sum_c log yhat[c].
Tensor expectation_loss(const Tensor& mixed_NC, const Tensor& targets_N, OutputKind output,
                        double smoothing = 0);

// Mean of -log sum_i p_i exp(-l_i / 2).
Tensor stochastic_loss(const Tensor& out_NEC, const Tensor& weights_NE, const Tensor& targets_N);

// Mean of sum_i p_i l_i.
Tensor competitive_loss(const Tensor& out_NEC, const Tensor& weights_NE, const Tensor& targets_N);

// Mean of (y - sum_i p_i o_i)^2; mixed_N1.
Tensor least_squares_loss(const Tensor& mixed_N1, const Tensor& targets_N);

}  // namespace moestro
