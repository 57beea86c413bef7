// Texts as lists of token ids, made by scripts/tokenize.py: a safetensors file with "ids" [M], text
// behind text, and "offsets" [N + 1], where each begins and where the last ends.
//
// Of labelled texts (tokenize.py --labels) also "targets" [N], classes (int64) or values (float32).
// The metadata hold "vocabulary" and, of classes, their "class_names" as a JSON list.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "moestro/core/tensor.h"

namespace moestro {

struct TokenIds {
  Tensor ids_M;      // int64
  Tensor offsets_S;  // int64 [N + 1], from 0 to M, rising

  Tensor targets_N;                      // undefined without labels
  std::vector<std::string> class_names;  // empty: values, or no labels
  int64_t vocabulary = 0;                // as the file says; 0: it does not

  int64_t texts() const { return offsets_S.size(0) - 1; }
  Tensor lengths_N() const;  // int64
};

// Throws UserError for another kind of file, one without the two tensors, offsets that do not fit,
// a text without tokens, ids outside [0, vocabulary), a text of more than `longest` tokens, targets
// that are neither, classes without names or with the same name twice, a vocabulary of more than
// 2^24, and damaged metadata. vocabulary 0: as the file says, which it must.
TokenIds read_token_ids(const std::filesystem::path& path, int64_t vocabulary, int64_t longest);

// The listed texts (int64 [B]), their ids one behind the other.
struct TokenBatch {
  Tensor ids_N, lengths_B;  // int64
};
TokenBatch select_texts(const TokenIds& texts, const Tensor& texts_B);

// Batches of at most `tokens` tokens (of one text, where that alone is longer), padding counted;
// texts of like length share one. Each is a list of texts, int64.
std::vector<Tensor> batches_by_length(const Tensor& lengths_N, int64_t tokens);

}  // namespace moestro
