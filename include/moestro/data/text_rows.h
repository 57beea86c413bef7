// Rows of texts as their files have them, before they are token ids.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "moestro/core/tensor.h"
#include "moestro/data/table_encoding.h"
#include "moestro/data/text_record.h"

namespace moestro {

struct TextRows {
  std::string name;                             // of the set, or the file
  std::vector<std::vector<std::string>> texts;  // of each row its text, or its texts
  bool parallel = false;
  std::vector<std::string> translations;  // parallel
  Tensor targets_N;                       // classes (int64) or values (float32)
  int64_t classes = 0;
  std::vector<std::string> class_names;

  int64_t rows() const { return static_cast<int64_t>(texts.size()); }
};

// The listed rows (int64 [M], on the CPU), in that order.
TextRows select_rows(const TextRows& rows, const Tensor& rows_M);

// A file of training rows: finds columns and classes, and keeps them in record.table. files: one;
// for parallel files source and target. Pairs of which a side is empty are left out, with a word on
// how many. Throws UserError, with file and line, as CsvTable and find_table_schema do, for what is
// no text in the encoding, for an empty text, and for parallel files of different length.
TextRows read_training_texts(const std::vector<std::filesystem::path>& files, TextRecord& record);

// Another file of the same layout; pairs with an empty side stay. Throws also for labels that the
// training file has not.
TextRows read_texts(const std::vector<std::filesystem::path>& files, const TextRecord& record,
                    Targets targets);

// One text a line, an empty line too; no targets.
TextRows read_plain_texts(const std::filesystem::path& path, const std::string& encoding);

}  // namespace moestro
