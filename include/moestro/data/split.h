// Which rows serve for what, by seed. Row lists are int64 tensors in ascending order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "moestro/core/tensor.h"

namespace moestro {

struct DataConfig;

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

// What the rows of a set's training file serve for: data.test and data.validation held out where
// the set has no such rows of its own, data.rows of the rest to train on.
struct FileRows {
  std::string name;  // of the set
  int64_t rows = 0;
  Tensor targets_N;  // as balanced_rows; not needed without classes
  int64_t classes = 0;
  bool has_valid = false, has_test = false;
};
struct RowSplit {
  Tensor train_N, valid_N, test_N;  // valid_N, test_N: undefined where the set has its own
};

// Throws UserError where a share has no effect: a data.test beside test rows of the set's own, a
// data.validation other than 0 (none are used) beside validation rows.
RowSplit split_rows(const FileRows& file, const DataConfig& config, uint64_t seed);

}  // namespace moestro
