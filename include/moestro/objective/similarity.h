// Sample similarity, L_s (arXiv 2302.14703): samples that share an expert are to be near each
// other, those of different experts far apart. With D(b, b') the distance of two samples and
// S = P^T D P,
//
//   same = 1/E sum_i sum_{b,b'} p_i(b) p_i(b') D(b, b') = tr(S) / E
//   diff = 1/(E^2 - E) sum_{i != j} sum_{b,b'} p_i(b) p_j(b') D(b, b') = (sum(S) - tr(S)) / (E^2 -
//   E)
//
// in O(B^2 (d + E)) time and O(B^2) memory, with one product D P for both. Where the rows of P sum
// to 1, sum(S) does not depend on them (derived): same and -diff have the same gradient up to a
// factor, and in the balanced form a weight on -diff acts as 1/(E - 1) of it on same.
#pragma once

#include "moestro/core/tensor.h"

namespace moestro {

// How the two sums are scaled; B counts the valid decisions.
enum class SimilarityForm {
  balanced,  // E^2/B^2 times each, D divided by its mean over all B^2 entries (the diagonal's zeros
             // among them): exactly 1 at p = 1/E, about 1 when any gate uses all experts alike
  published,  // same, and diff / B^2, of D as it is
};

struct Similarity {
  Tensor same;       // scalar
  Tensor different;  // scalar, minus diff: less is better in both; 0 for one expert
};

// distance_BB: D, or any matrix with the same symmetric part (distances.h), without gradient. In
// float32 at least. Where all distances are 0, so are both terms.
Similarity similarity(const Tensor& probs_BE, const Tensor& distance_BB, SimilarityForm form,
                      const Tensor& valid_B = {});

}  // namespace moestro
