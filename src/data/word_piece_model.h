// What a model's folder says of its tokenizer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "bert_characters.h"

namespace moestro {

struct NamedId {
  std::string name;
  int32_t id = 0;
};

struct WordPieceModel {
  std::vector<NamedId> pieces;
  std::vector<NamedId> added;  // found in a text before all else, as they are written
  int32_t unknown = 0, begin = 0, end = 0;
  int64_t longest_word = 100;  // characters
  BertNormalisation normalisation;
};

// Throws as WordPieces' constructor.
WordPieceModel read_word_piece_model(const std::filesystem::path& folder);

// Of sentence_bert_config.json: at least 3, or 0 where it says nothing. Throws UserError for
// anything else.
int64_t read_longest_text(const std::filesystem::path& folder);

}  // namespace moestro
