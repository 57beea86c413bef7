// What is done to the blocks of a product while they are in cache. Blocks of float32 have kStrip
// columns a row; `columns`, a multiple of 16, are worked on. S is the type of x, T the multiplied
// one.
#pragma once

#include <cstdint>

#include "../blocks/packing.h"
#include "../vector_path.h"
#include "moestro/nn/feed_forward.h"

namespace moestro {

// h = act(up + bias); up + bias is kept for the way back where `kept` is given. Of swiglu, [0] is g
// and [1] is u; of others there is only [0].
template <class S, class T>
struct ActivationBlock {
  int64_t rows, columns;
  const float* up[2];
  const float* bias[2];  // or null
  S* kept[2];            // or null
  int64_t kept_stride;
  T* h;
  int64_t h_stride;
};
template <class S, class T>
void activate(VectorPath path, FeedForwardKind kind, const ActivationBlock<S, T>& block);

// From grad_h, where y = weight * (h D + b) for every row: the gradient of up, and for the
// gradients of D and of the weights, weighted_h = weight * h and dots = grad_h . h.
template <class S, class T>
struct ActivationGradBlock {
  int64_t rows, columns;
  const float* grad_h;  // unweighted
  const float* weights;
  const S* kept[2];
  int64_t kept_stride;
  T* grad_up[2];
  int64_t grad_up_stride;
  T* weighted_h;
  int64_t h_stride;
  float* dots;
  int64_t dots_stride;
};
template <class S, class T>
void activate_backward(VectorPath path, FeedForwardKind kind,
                       const ActivationGradBlock<S, T>& block);

// out[r] = weights[r] * (in[r] + bias); bias may be null, and weights: ones.
void weigh_rows(VectorPath path, const float* in, int64_t rows, int64_t columns, const float* bias,
                const float* weights, float* out, int64_t out_stride);

// out = the sum of the rows in_M[m], m of numbers, in their order, without those that are -1.
template <class S>
void add_rows(VectorPath path, const float* in_MD, int64_t stride, const int64_t* numbers,
              int64_t count, int64_t columns, S* out);

// out = sum_r weights[r] * row r; weights may be null: ones.
template <class S>
void sum_rows(VectorPath path, const RowSource<S>& source, int64_t rows, int64_t columns,
              const float* weights, float* out);

// out[r * stride] = a_r . b
template <class T>
void row_dots(VectorPath path, const T* a, int64_t a_stride, int64_t rows, int64_t columns,
              const float* b, float* out, int64_t stride);

}  // namespace moestro
