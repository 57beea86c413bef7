// How far two hard splits of the same samples agree, whatever the experts are called.
#pragma once

#include "moestro/core/tensor.h"

namespace moestro {

// (I(A;B) - E[I]) / ((H(A) + H(B)) / 2 - E[I]): mutual information adjusted for chance, with the
// arithmetic mean as normaliser (Vinh, Epps and Bailey 2010, "AMI_sum"). E[I] is the expectation
// over random splits with the same sizes of parts, by the hypergeometric model. 1: the same split
// up to the names of its parts; about 0, or a little below: no more in common than by chance. a_N,
// b_N: integers, sample n belongs to part a[n] and to part b[n]. Takes O(parts * N), parts of the
// split that has fewer. Throws UserError for an empty set and for splits of other lengths.
double adjusted_mutual_information(const Tensor& a_N, const Tensor& b_N);

}  // namespace moestro
