// What a checkpoint of a training run holds.
#pragma once

#include "moestro/nn/model.h"
#include "moestro/store/safetensors.h"

namespace moestro {

// Parameters and buffers by name, live storage.
NamedTensors model_tensors(const Model& model);

// Copies what the file holds into the tensors. Throws UserError that names every tensor that is
// missing or has another shape, before anything is written into.
void restore(const SafetensorsFile& file, const NamedTensors& tensors);

}  // namespace moestro
