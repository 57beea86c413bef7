#include "moestro/lifecycle/inspection_files.h"

#include <ATen/Functions.h>
#include <nlohmann/json.hpp>

#include "moestro/lifecycle/owners.h"
#include "moestro/store/json_file.h"

namespace moestro {

NamedTensors sample_pixels(const Inspection& inspection, const Dataset& data) {
  NamedTensors pixels;
  if (!data.is_image()) return pixels;
  for (size_t e = 0; e < inspection.samples.size(); ++e) {
    std::vector<int64_t> rows;
    for (const auto& sample : inspection.samples[e].all()) rows.push_back(sample.row);
    const Tensor rows_M = at::tensor(rows, at::TensorOptions().dtype(at::kLong));
    pixels.emplace_back(fmt::format("expert_{}", e), data.inputs.index_select(0, rows_M));
  }
  return pixels;
}

void write_inspection(const std::filesystem::path& folder, const Inspection& inspection,
                      const Dataset& data) {
  write_json_file(folder / "inspection.json", inspection.to_json());
  write_owners(folder / "owners.safetensors",
               {inspection.owner_N, inspection.experts, data.digest()}, inspection.set);
  const NamedTensors pixels = sample_pixels(inspection, data);
  if (!pixels.empty()) write_safetensors(folder / "samples.safetensors", pixels);
}

}  // namespace moestro
