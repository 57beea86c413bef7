// Texts for training, and new texts for a run: what load_data and load_new_rows do for them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "moestro/data/source.h"
#include "moestro/data/text_set.h"

namespace moestro {

// The tokenizer is data.tokenizer, otherwise trained on the rows to train on, both sides of pairs.
DataSource load_texts(const DataConfig& config, TextFileSet files, uint64_t seed,
                      std::shared_ptr<const Tokenizer> tokenizer);

Dataset load_new_texts(const DataRecord& record, const std::string& what,
                       const std::filesystem::path& root, Targets targets,
                       const std::shared_ptr<const Tokenizer>& tokenizer);

}  // namespace moestro
