// What an inspection leaves in the run folder (docs/run-folder.md).
#pragma once

#include <filesystem>

#include "moestro/lifecycle/inspection.h"
#include "moestro/store/safetensors.h"

namespace moestro {

// The pixels of inspection.samples: "expert_0", ... uint8, each list after the other; empty for
// what is no image.
NamedTensors sample_pixels(const Inspection& inspection, const Dataset& data);

// inspection.json, owners.safetensors, and of images samples.safetensors. data: the rows that were
// inspected. Throws SystemError where it cannot write.
void write_inspection(const std::filesystem::path& folder, const Inspection& inspection,
                      const Dataset& data);

}  // namespace moestro
