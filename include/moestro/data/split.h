// Which rows serve for what, by seed. Row lists are int64 tensors in ascending order.
#pragma once

#include <cstdint>
#include <string_view>

#include "moestro/core/tensor.h"

namespace moestro {

struct Split {
  Tensor kept_N, held_N;  // disjoint, together all rows
};

// Holds out round(share * rows) rows, drawn by (seed, split, name); at least one when share is not
// 0, and never all (throws UserError for too few rows). `name` is also the configuration key that
// messages name: "validation" or "test".
Split hold_out(int64_t rows, double share, uint64_t seed, std::string_view name);

// `count` rows with as many of each class as can be: equal shares, the lowest classes one more
// where it does not divide, and where a class has too few rows the others fill up. A larger count
// holds all rows of a smaller one. targets_N of float (regression): any rows. Throws UserError when
// count is above N.
Tensor balanced_rows(const Tensor& targets_N, int64_t classes, int64_t count, uint64_t seed);

}  // namespace moestro
