// owners.safetensors: which expert each test row belongs to.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "moestro/core/tensor.h"

namespace moestro {

struct Owners {
  Tensor expert_N;  // int64
  int64_t experts = 0;
  std::string rows_digest;  // of the rows: splits can be compared where it is the same
};

void write_owners(const std::filesystem::path& path, const Owners& owners, const std::string& set);
// Throws UserError that names the file: for what is no list of experts, and for an expert beyond
// their number.
Owners read_owners(const std::filesystem::path& path);

// Whether two splits are of the same rows.
bool comparable(const Owners& a, const Owners& b);

// The adjusted mutual information of every pair (measure/adjusted_mutual_information.h), 1 on the
// diagonal; NaN where two splits cannot be compared.
std::vector<std::vector<double>> split_agreement(const std::vector<const Owners*>& splits);

}  // namespace moestro
