// One sparse feed-forward layer as the kernels see it.
#pragma once

#include <algorithm>

#include "../blocks/packing.h"
#include "../vector_path.h"
#include "moestro/nn/feed_forward.h"
#include "routed_rows.h"

namespace moestro {

// What the arithmetic is done with: products of bfloat16, or all in float32.
struct Arithmetic {
  VectorPath vectors;
  bool bfloat16_products;
};
Arithmetic best_arithmetic();

struct SparseLayerShape {
  int64_t experts, width, hidden, parts;  // E, D, F; 2 parts with swiglu: g and u
  int64_t padded_width, padded_hidden;    // the next multiple of 16: no vector is cut

  SparseLayerShape(const FeedForwardWeights& weights, FeedForwardKind kind);
};

// The right operands of both products as strips, [E, parts, strips, depth, kStrip].
struct PackedWeights {
  Tensor up, down;
};

struct SparseLayer {
  FeedForwardWeights weights;  // contiguous, of x's type
  FeedForwardKind kind;
  SparseLayerShape shape;
  Arithmetic arithmetic;
  Tensor up_bias_EF, down_bias_ED;  // float32, padded, for every part; or undefined
  PackedWeights packed;             // or undefined

  SparseLayer(const FeedForwardWeights& given, FeedForwardKind kind, Arithmetic arithmetic);
};

// The weights of the mixture by routed row, float32.
Tensor routed_weights(const Tensor& weights_NK, const RoutedRows& routed);

// Packs all weights once.
PackedWeights pack_weights(const SparseLayer& layer);

// y_ND. kept_MF (or null): what backward needs is written there, [M, parts * padded_hidden].
Tensor forward_blocks(const SparseLayer& layer, const Tensor& x_ND, const Tensor& weights_M,
                      const RoutedRows& routed, Tensor* kept_MF);

// y_n = the sum of the routed rows of n, [M, padded_width].
template <class S>
void combine_rows(VectorPath path, const RoutedRows& routed, const float* out_MD,
                  const SparseLayerShape& shape, const Tensor& y_ND);

struct FeedForwardGrads {
  Tensor x_ND, weights_NK, up_EDF, down_EFD, up_bias_EF, down_bias_ED;
};
struct WantedGrads {
  bool x, weights, up, down, up_bias, down_bias;
};

// grad_ND and x_ND contiguous; the gradients that are not wanted stay undefined.
FeedForwardGrads backward_blocks(const SparseLayer& layer, const Tensor& x_ND,
                                 const Tensor& weights_M, const RoutedRows& routed,
                                 const Tensor& kept_MF, const Tensor& grad_ND,
                                 const WantedGrads& wanted);

}  // namespace moestro
