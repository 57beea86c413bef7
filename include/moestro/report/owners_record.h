// owners.safetensors: which expert each test row belongs to.
#pragma once

#include <filesystem>
#include <string>

#include "moestro/core/tensor.h"

namespace moestro {

struct OwnersRecord {
  Tensor expert_N;  // int64
  int64_t experts = 0;
  std::string rows_digest;  // of the rows: splits can be compared where it is the same
};

// Throws UserError that names the file: for what is no list of experts, and for an expert beyond
// their number.
OwnersRecord read_owners(const std::filesystem::path& path);

}  // namespace moestro
