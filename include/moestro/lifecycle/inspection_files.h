// What an inspection leaves in the run folder (docs/run-folder.md).
#pragma once

#include <filesystem>

#include "moestro/lifecycle/inspection.h"
#include "moestro/lifecycle/summary.h"
#include "moestro/store/safetensors.h"

namespace moestro {

struct LayerInspection;

// The pixels of inspection.samples: "expert_0", ... uint8, each list after the other; empty for
// what is no image.
NamedTensors sample_pixels(const Inspection& inspection, const Dataset& data);

// inspection.json, owners.safetensors, and of images samples.safetensors. data: the rows that were
// inspected. Throws SystemError where it cannot write.
void write_inspection(const std::filesystem::path& folder, const Inspection& inspection,
                      const Dataset& data);

// layer_inspection.h, with the pieces of the responder's tokenizer as names.
std::vector<LayerInspection> inspect_layers(const Responder& responder, const Dataset& rows);

// Measures a model on the rows called `set`, once, and leaves in the folder what can be inspected:
// the above of a mixture of whole networks, inspection.json of mixture layers, translations.txt of
// a translator.
Figures test_figures(const std::filesystem::path& folder, const Responder& responder,
                     const Dataset& rows, const std::string& set);

}  // namespace moestro
