// From the recipe's [data] section to what training needs, and from a path to rows that a trained
// run can predict.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "moestro/data/augment.h"
#include "moestro/data/class_choice.h"
#include "moestro/data/config.h"
#include "moestro/data/dataset.h"
#include "moestro/data/normaliser.h"
#include "moestro/data/record.h"
#include "moestro/data/table_encoding.h"
#include "moestro/data/table_schema.h"
#include "moestro/data/text_record.h"
#include "moestro/data/tokenizer.h"

namespace moestro {

struct DataSource {
  Dataset train;               // data.rows of what validation left, with data.label_noise
  Dataset valid;               // the set's own validation rows, otherwise a share by seed; no rows
                               // with data.validation = 0; the same for every data.rows
  Dataset test;                // the set's own test rows, otherwise a share by seed
  bool test_is_split = false;  // off the set's one file, by seed
  std::optional<ClassChoice> choice;  // with data.classes; the rows above are of these
  Normaliser normaliser;              // fitted on train
  std::optional<TableSchema> table;   // csv: means fitted on train
  std::optional<TextRecord> text;
  std::shared_ptr<const Tokenizer> tokenizer;  // texts, but for ids made elsewhere
  Augmentation augmentation;                   // for batches of train
  std::string inputs_name, target_name;        // tensors of safetensors files

  DataRecord record() const;
  std::string digest() const;  // sha256 over all three; takes seconds for a large set
};

// root: --data-root, may be empty. Throws UserError for missing and bad files, and for keys that do
// not fit the data (data.test where the set has test rows, data.augment for tables, too few rows,
// data.label_noise and data.classes where there are no classes).
// tokenizer: a run's own, in place of one that is trained anew.
DataSource load_data(const DataConfig& config, const std::filesystem::path& root, uint64_t seed,
                     std::shared_ptr<const Tokenizer> tokenizer = nullptr);

// Rows that a run did not train with, read by its record: `what` is the name of a set (its test
// rows, or all where it has none of its own) or a path: an IDX folder or images file, a CIFAR
// binary file (.bin), a safetensors file, a csv file. Throws UserError for other shapes, unknown
// categories, labels out of range, for missing targets where they are required, and for the run's
// own set where it has no test files. (The test rows of the run's own set: load_data(...).test.)
// Of a run with data.classes labelled rows of other classes are left out, with a word on how many.
//
// Texts take the run's tokenizer (UserError for one of another vocabulary). With optional targets a
// path that ends in .txt or .txt.gz has one text a line and no labels, and of a translation any
// file of just that name holds sources; other paths are written as the run's own files were. Texts
// of more tokens than the run's longest are cut to it, with a word on how many.
Dataset load_new_rows(const DataRecord& record, const std::string& what,
                      const std::filesystem::path& root, Targets targets,
                      std::shared_ptr<const Tokenizer> tokenizer = nullptr);

// Images of any size alone, by such a name or path: uint8 [N, C, H, W]. A safetensors file has them
// as "inputs"; a .bin file is CIFAR-10's. Throws UserError for what is not there, and no images.
Tensor load_new_images(const std::string& what, const std::filesystem::path& root);

}  // namespace moestro
