// Feed-forward experts of a sparse mixture layer: each row meets the k experts chosen for it and
// nothing else.
//
//   y_n = sum_k w_nk (act(x_n U_e + a_e) D_e + b_e),  e = experts_nk
//
// act is relu, gelu (exact, by the error function) or swiglu, silu(g) * u with [g, u] = x U + a.
#pragma once

#include <memory>
#include <string>

#include "moestro/core/tensor.h"

namespace moestro {

enum class FeedForwardKind { relu, gelu, swiglu };

// What stands between up and down product, over the last dimension; swiglu: [g, u] -> silu(g) * u.
Tensor activated(const Tensor& up_NF, FeedForwardKind kind);

struct FeedForwardWeights {
  Tensor up_EDF;                    // [E, D, F]; swiglu: [E, D, 2 F], the columns of g before u's
  Tensor down_EFD;                  // [E, F, D]
  Tensor up_bias_EF, down_bias_ED;  // [E, F] or [E, 2 F], [E, D]; may be undefined
};

// x_ND and the weights of one type, float32, bfloat16 or float64; experts_NK int64 in [-1, E), -1:
// the choice is empty (padding); weights_NK of floating point -> y_ND of x's type. Differentiable
// in x_ND, weights_NK and all of `experts`. On the CPU in float32 and bfloat16 by kernels of our
// own, with sums in float32; the same bits for every number of threads. Elsewhere composed of
// ATen's operators. Throws UserError for shapes and types that do not agree, or an expert out of
// range; but where rows are grouped without the host, in bfloat16 on CUDA, the device stops at such
// an expert.
// factor_NKF (or undefined), of x's type: what a choice's act(x U + a) is multiplied with, such as
// dropout's noise; with it everything is composed of ATen's operators.
Tensor sparse_feed_forward(const Tensor& x_ND, const Tensor& experts_NK, const Tensor& weights_NK,
                           const FeedForwardWeights& experts, FeedForwardKind kind,
                           const Tensor& factor_NKF = {});

// Which way sparse_feed_forward() goes with these weights, and why: one line for people.
std::string describe_feed_forward(const FeedForwardWeights& experts);

// The same without gradients, from weights packed once: where there are kernels a copy of them, in
// the order in which they are read; elsewhere the weights themselves.
class PackedFeedForward {
 public:
  PackedFeedForward(const FeedForwardWeights& experts, FeedForwardKind kind);
  Tensor forward(const Tensor& x_ND, const Tensor& experts_NK, const Tensor& weights_NK) const;

 private:
  struct Packed;
  std::shared_ptr<const Packed> packed_;
};

}  // namespace moestro
