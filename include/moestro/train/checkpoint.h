// What a checkpoint of a training run holds.
#pragma once

#include "moestro/nn/parameter.h"
#include "moestro/store/safetensors.h"

namespace moestro {

// Parameters and buffers by name, live storage: of a model, or of a part that has both.
template <class Owner>
NamedTensors model_tensors(const Owner& owner) {
  NamedTensors tensors;
  for (const Parameter& parameter : owner.parameters())
    tensors.emplace_back(parameter.name, parameter.value);
  for (const Buffer& buffer : owner.buffers()) tensors.emplace_back(buffer.name, buffer.value);
  return tensors;
}

// Copies what the file holds into the tensors. Throws UserError that names every tensor that is
// missing or has another shape, before anything is written into.
void restore(const SafetensorsFile& file, const NamedTensors& tensors);

}  // namespace moestro
