// Sets of texts whose ids were made elsewhere (data/token_ids.h): what load_data and load_new_rows
// do for data.format = "ids".
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "moestro/data/class_choice.h"
#include "moestro/data/source.h"

namespace moestro {

// inputs int32 [N, T]. Throws UserError as read_token_ids, and for missing targets where they are
// required.
Dataset read_token_set(const std::filesystem::path& path, int64_t longest, Targets targets);

// choice: of data.classes; it takes its names from the training rows.
DataSource load_token_sets(const DataConfig& config, uint64_t seed,
                           std::optional<ClassChoice>& choice);

Dataset load_new_token_set(const DataRecord& record, const std::string& path, Targets targets);

}  // namespace moestro
