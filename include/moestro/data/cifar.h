// The binary files of CIFAR-10 (label, 3072 pixels) and CIFAR-100 (coarse label, fine label, 3072
// pixels; red, green, blue planes of 32 x 32); raw or gzip.
#pragma once

#include <filesystem>
#include <vector>

#include "moestro/data/dataset.h"

namespace moestro {

enum class CifarKind { ten, hundred };  // hundred: the fine labels are the targets

// The files' rows, one after another. Throws UserError for a size that is no multiple of a row, an
// empty file, and a label out of range.
Dataset read_cifar(const std::vector<std::filesystem::path>& files, CifarKind kind);

}  // namespace moestro
