// Rows from a safetensors file.
#pragma once

#include <filesystem>
#include <string>

#include "moestro/data/dataset.h"
#include "moestro/data/table_encoding.h"

namespace moestro {

// `inputs`: uint8 [N, C, H, W] is taken as images, anything else of 2 dimensions or more as
// float32. `target`: integers [N] are classes, 0 to `classes` - 1 (0: the largest + 1 classes),
// floating point numbers [N] or [N, 1] values. Throws UserError for a tensor that is not there
// (a missing target only where it is required), other shapes, row counts that differ, labels out of
// range, and numbers that are not finite.
Dataset read_safetensors_set(const std::filesystem::path& path, const std::string& inputs,
                             const std::string& target, Targets targets, int64_t classes = 0);

}  // namespace moestro
