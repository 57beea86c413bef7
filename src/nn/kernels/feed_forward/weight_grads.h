// Sums over the rows of each expert: the gradients of weights and biases.
#pragma once

#include "../blocks/packing.h"
#include "../vector_path.h"
#include "layer.h"
#include "routed_rows.h"

namespace moestro {

// One side of a_e^T b_e: rows by routed number (the numbers of `source` are those of all routed
// rows), and their columns, in `parts` of `columns` that begin `part_stride` numbers apart.
template <class S>
struct GradSide {
  RowSource<S> source;
  int64_t columns, parts = 1, part_stride = 0;
};

// out[e] = sum over the rows r of e of a_r^T b_r: [E, a's columns, all of b's columns], of type S;
// zero for an expert without rows. Multiplied as T.
template <class A, class B, class S, class T>
void weight_grads(VectorPath path, const RoutedRows& routed, const GradSide<A>& a,
                  const GradSide<B>& b, const Tensor& out);

// [E, parts * columns] float32: the sums of each expert's rows, times their weights where given.
template <class S>
Tensor bias_grads(VectorPath path, const RoutedRows& routed, const RowSource<S>& source,
                  int64_t parts, int64_t columns, int64_t part_stride, const float* weights);

}  // namespace moestro
