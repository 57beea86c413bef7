// Rows in memory: inputs and, where known, targets.
//
// Texts are token ids below `vocabulary`, with -1 behind the end of each. Those of a Tokenizer
// stand between its begin and end ids; ids made elsewhere (data/token_ids.h) are as they were made.
#pragma once

#include <string>
#include <vector>

#include "moestro/core/tensor.h"

namespace moestro {

struct Dataset {
  std::string name;
  // uint8 images [N, C, H, W], float32 [N, D] (or [N, D, ...]), or int32 token ids of texts [N, T].
  Tensor inputs;
  // int64 classes, float32 values, or int32 token ids of translations [N, U]; undefined for rows
  // without targets.
  Tensor targets_N;
  int64_t classes = 0;                   // 0: regression, translation
  std::vector<std::string> class_names;  // as many as classes
  int64_t vocabulary = 0;                // texts
  // Texts: what each row says, as it was read; translations: what is to be said. Empty for ids made
  // elsewhere.
  std::vector<std::string> texts, target_texts;

  int64_t rows() const;
  Shape sample_shape() const;   // of one row
  bool is_image() const;        // uint8 pixels
  bool is_text() const;         // int32 token ids
  bool is_translation() const;  // texts, and targets that are texts
  bool has_targets() const { return targets_N.defined(); }
  int64_t bytes() const;

  // Of texts: tokens of each row, begin and end counted, int64 on the CPU.
  Tensor lengths_N() const;

  // Rows of a class, [classes]; classes must not be 0.
  std::vector<int64_t> class_counts() const;

  // sha256 over the types, shapes and bytes of inputs and targets, and over the texts, in
  // hexadecimal. Takes seconds for a large set.
  std::string digest() const;
};

// The listed rows (int64 [M]), in that order, copied.
Dataset select_rows(const Dataset& dataset, const Tensor& rows_M);

// Classes numbered as in `known`, by name; values as they are where nothing is known. Throws
// UserError "file: ..." for a class that is not among the known, and for values in place of
// classes.
Tensor map_classes(const std::string& file, const Tensor& targets_N,
                   const std::vector<std::string>& names, const std::vector<std::string>& known);

// Throws UserError "file: label 12 of row 34 (counted from 0); expected 0 to 9" unless all are in
// [0, classes).
void check_labels(const std::string& file, const Tensor& labels_N, int64_t classes);

}  // namespace moestro
