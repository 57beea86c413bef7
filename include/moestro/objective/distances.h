// How far the samples of a batch are from each other, as a matrix [B, B] of which only the
// symmetric part is read (similarity.h sums over all pairs). What comes back is twice the upper
// triangle of D(b, b'): half the products make that. 0 on the diagonal and wherever valid_B (bool;
// undefined: all) is false. In float32 at least, without gradient.
#pragma once

#include "moestro/core/tensor.h"

namespace moestro {

// Of the rows of x [B, ...], flattened. By a^2 + b^2 - 2 ab around the batch's mean: equal rows are
// less than 1e-3 of a row's distance from that mean apart.
Tensor euclidean_distances(const Tensor& x, const Tensor& valid_B = {});

// 1 - cos; a row of zeros is at 1 from every other.
Tensor cosine_distances(const Tensor& x, const Tensor& valid_B = {});

// Controls: what the terms do without what the distances know. Constant: all valid pairs, a sample
// with itself among them, have the mean; the terms then depend on usage, sum_b p_i(b), alone, and
// only balance it. Shuffled: each pair has the distance of the samples before either, the first of
// the batch coming after the last; batches are in random order, so this is a random permutation
// without a draw (of two samples it changes nothing).
Tensor constant_distances(const Tensor& distance_BB, const Tensor& valid_B = {});
Tensor shuffled_distances(const Tensor& distance_BB, const Tensor& valid_B = {});

}  // namespace moestro
