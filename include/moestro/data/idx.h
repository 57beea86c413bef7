// IDX, the format of MNIST: big-endian header 00 00 08 D, D sizes of 4 bytes, then unsigned bytes;
// raw or gzip.
#pragma once

#include <filesystem>
#include <optional>

#include "moestro/core/tensor.h"
#include "moestro/data/dataset.h"

namespace moestro {

// uint8, of the header's shape. Throws UserError for another magic or element type, a size of 0, a
// truncated or damaged file, and bytes after the last element.
Tensor read_idx(const std::filesystem::path& path);

// [N, H, W] becomes [N, 1, H, W]; [N, C, H, W] stays.
Tensor read_idx_images(const std::filesystem::path& path);
Tensor read_idx_labels(const std::filesystem::path& path);  // int64 [N]

// Images and their labels. Throws UserError where the counts differ, or a label is not below
// `classes` (0: the largest label + 1 is taken).
Dataset read_idx_set(const std::filesystem::path& images, const std::filesystem::path& labels,
                     int64_t classes = 0);

}  // namespace moestro
