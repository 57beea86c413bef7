// How narrow the part of each expert is.
#pragma once

#include "moestro/core/tensor.h"

namespace moestro {

// S_e = 1 - H(Y | e) / H(Y), from counts_CE (samples of class c whose most probable expert is e).
// 1: all of the expert's samples are of one class; 0: they are as mixed as the whole set; below 0:
// more evenly mixed than it. Weighted by the experts' shares of the samples, the mean of S_e is
// I(E;Y) / H(Y). Double [E] on the CPU; NaN for an expert without samples, and for all where the
// set has one class only. Throws UserError for a table of zeros.
Tensor specialisation_index(const Tensor& counts_CE);

}  // namespace moestro
