// Rows in memory: inputs and, where known, targets.
#pragma once

#include <string>
#include <vector>

#include "moestro/core/tensor.h"

namespace moestro {

struct Dataset {
  std::string name;
  Tensor inputs;        // uint8 images [N, C, H, W], or float32 [N, D] (or [N, D, ...])
  Tensor targets_N;     // int64 classes or float32 values; undefined for rows without targets
  int64_t classes = 0;  // 0: regression
  std::vector<std::string> class_names;  // as many as classes

  int64_t rows() const;
  Shape sample_shape() const;  // of one row
  bool is_image() const;       // uint8 pixels
  bool has_targets() const { return targets_N.defined(); }
  int64_t bytes() const;

  // Rows of a class, [classes]; classes must not be 0.
  std::vector<int64_t> class_counts() const;

  // sha256 over the types, shapes and bytes of inputs and targets, in hexadecimal. Takes seconds
  // for a large set.
  std::string digest() const;
};

// The listed rows (int64 [M]), in that order, copied.
Dataset select_rows(const Dataset& dataset, const Tensor& rows_M);

// Throws UserError "file: label 12 of row 34 (counted from 0); expected 0 to 9" unless all are in
// [0, classes).
void check_labels(const std::string& file, const Tensor& labels_N, int64_t classes);

}  // namespace moestro
