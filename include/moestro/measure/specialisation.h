// How a mixture splits its task (arXiv 2302.14703), over a whole set of decisions. Logarithms are
// base 2, arithmetic in double.
#pragma once

#include <cstdint>
#include <vector>

#include "moestro/core/tensor.h"

namespace moestro {

struct Specialisation {
  double mutual_information = 0;            // I(E;Y) with the true label, from counts N[c, e]
  double mutual_information_predicted = 0;  // with the class that the chosen expert predicts
  double permutation_baseline = 0;          // mean I(E;Y) over shuffled labels: what chance gives
  double sample_entropy = 0;                // H_s = mean_x H(p(x)); low: a sure gate
  double usage_entropy = 0;                 // H_u = H(mean_x p(x)); high: all experts in use
  int64_t experts_used = 0;                 // with at least 1 % of hard choices
};

// counts_CE -> I(E;Y) = H(E) + H(Y) - H(E, Y) in bits. Throws UserError for a table of zeros.
double mutual_information(const Tensor& counts_CE);

// probs_BE: gate probabilities; labels_B, predicted_B (by the expert of highest probability): int64
// classes. Hard choice: argmax of probs. The baseline is the mean of 20 permutations, keyed by
// seed. Throws UserError for an empty set and for a label outside 0 .. classes-1.
Specialisation specialisation(const Tensor& probs_BE, const Tensor& labels_B,
                              const Tensor& predicted_B, int64_t classes, uint64_t seed = 0);

// counts_CE int64 on the CPU: samples of class c whose most probable expert is e.
Tensor class_by_expert(const Tensor& probs_BE, const Tensor& labels_B, int64_t classes);

}  // namespace moestro
