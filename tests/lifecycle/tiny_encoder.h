// The tiny BERT of tests/reference/tiny_bert.py, with a tokenizer.
#pragma once

#include <filesystem>
#include <string>

#include "data/files_fixture.h"
#include "test_paths.h"

namespace moestro::testing {

inline const std::filesystem::path kTinyBert =
    std::filesystem::path(kSourceDir) / "tests" / "reference" / "tiny_bert";

// With pieces of its own: "a" to "z" have the ids 4 to 29.
inline void put_tiny_encoder(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  for (const char* file : {"config.json", "model.safetensors"})
    std::filesystem::copy_file(kTinyBert / file, folder / file);
  std::string pieces = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n";
  for (char letter = 'a'; letter <= 'z'; ++letter) pieces += std::string(1, letter) + "\n";
  put(folder / "vocab.txt", pieces);
}

}  // namespace moestro::testing
