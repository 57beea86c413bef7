// How files of texts are written, and how a run turns them into token ids: kept with the run, so
// that other files are read as its own were.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "moestro/data/table_schema.h"

namespace moestro {

struct TextLayout {
  std::string format;                // tsv, csv, lines, parallel; ids: data/token_ids.h
  std::string encoding = "utf-8";    // or latin-1
  std::string separator = "auto";    // csv
  std::string header = "auto";       // csv, tsv
  std::vector<std::string> columns;  // csv, tsv: of the texts; empty: the first but the target
  bool one_text = false;  // several columns are one text, with a blank between; else texts apart
  std::string target;     // csv, tsv: of the labels; empty: the last
  std::string task = "auto";
  char label_end = 0;               // lines: a label goes up to there
  bool may_be_empty = false;        // an empty text is one of begin and end alone, not an error
  std::vector<std::string> labels;  // classes as they are written, in their order; empty: as found
  std::vector<std::string> languages;  // parallel: endings of the source's and the target's file

  bool operator==(const TextLayout&) const = default;
};

struct TextRecord {
  TextLayout layout;
  TableSchema table;    // tsv, csv, lines: found on the training file
  int64_t longest = 0;  // tokens, begin and end counted
  int64_t vocabulary = 0;
  // sha256 of the tokenizer's model; empty for ids made elsewhere and in records without it.
  std::string tokenizer_digest;

  // Texts in one row: of a pair 2, of a translation those of the source.
  int64_t texts_a_row() const;
  bool is_translation() const { return layout.format == "parallel"; }

  bool operator==(const TextRecord&) const = default;
};

nlohmann::json to_json(const TextRecord& record);
TextRecord text_record_from_json(const nlohmann::json& json);  // throws nlohmann's exceptions

}  // namespace moestro
