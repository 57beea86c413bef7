// Sentence vectors of a pre-trained encoder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "moestro/data/token_ids.h"
#include "moestro/train/encoder_inputs.h"
#include "moestro/train/pretrained_encoder.h"

namespace moestro {

class WordPieces;

// [N, D] float32 on the CPU, in the order of the samples. tokens: rows in one batch, padding
// counted; 0: as many as fill a CPU's caches, or keep a GPU busy.
Tensor embed_all(const FrozenEncoder& encoder, const EncoderInputs& samples, int64_t tokens = 0);
Tensor embed_texts(const PretrainedEncoder& encoder, const TokenIds& texts, int64_t tokens = 0);

// Throws UserError where a folder's tokenizer has more pieces than its model knows, or the model no
// room for a word. model: the folder, for messages.
void check_fits(const std::string& model, const WordPieces& pieces,
                const PretrainedEncoder& encoder);

struct EmbeddingOptions {
  std::filesystem::path model;  // a Hugging Face folder
  // FILE.txt or .txt.gz: a text a line, as the model's own tokenizer has it (data/word_pieces.h),
  // cut where its sentence_bert_config.json and its positions say; others: token ids
  // (data/token_ids.h).
  std::filesystem::path texts;
  std::filesystem::path out;  // FILE.safetensors: "embeddings" [N, D], float32
  std::string device = "auto";
  std::string precision = "float32";  // float32, bf16
  int64_t threads = 0;                // 0: LibTorch's choice
};

// Returns the count of texts. Throws UserError for another ending of `out`, before anything is
// read, and for what does not fit each other.
int64_t embed_file(const EmbeddingOptions& options);

}  // namespace moestro
