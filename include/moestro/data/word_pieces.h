// The tokenizer of BERT's kind of models: WordPiece (Devlin et al. 2018), the same ids as the
// tokenizers package gives, for a model's own vocabulary.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "moestro/data/token_ids.h"

namespace moestro {

class WordPieces {
 public:
  // A model's folder: its tokenizer.json, as the tokenizers package reads it; where there is none
  // vocab.txt (a piece a line, its id the line's number from 0) and what tokenizer_config.json says
  // of them. Throws UserError where there is neither, where the tokenizer is of another kind, for
  // tokens that are not in the vocabulary, and for damaged files.
  explicit WordPieces(const std::filesystem::path& folder);
  ~WordPieces();
  WordPieces(const WordPieces&) = delete;
  WordPieces& operator=(const WordPieces&) = delete;

  int64_t vocabulary() const;  // ids are 0 to vocabulary() - 1
  // Tokens of a text as sentence_bert_config.json says (sentence-transformers); 0: it does not.
  int64_t longest() const;

  // The begin token, pieces, the end token: of a longer text the first `longest` - 1 and the end
  // token. longest: at least 2. A special token's name within the text is that token. Throws
  // UserError "byte 3 is no UTF-8".
  //
  // All steps at once, a character at a time: control characters go; white space ends a word,
  // punctuation and (where the model says so) each CJK ideograph are words; accents go, letters
  // become small ones; a word becomes its longest pieces, from the left, those behind the first
  // with
  // "##" in front; one without such pieces, or of more than 100 characters, is the unknown token.
  // One step is left out: kept marks of scripts that no uncased vocabulary has are not put into
  // canonical order.
  std::vector<int32_t> encode(std::string_view text, int64_t longest) const;

 private:
  class Encoder;
  struct Pieces;

  std::unique_ptr<const Pieces> pieces_;
};

// Without targets.
TokenIds encode_texts(const WordPieces& pieces, const std::vector<std::string>& texts,
                      int64_t longest);

}  // namespace moestro
