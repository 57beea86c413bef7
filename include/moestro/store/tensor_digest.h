// SHA-256 of tensors: of their types, shapes and values, on whatever device they are.
#pragma once

#include <string>

#include "moestro/store/digest.h"
#include "moestro/store/safetensors.h"

namespace moestro {

void add_tensor(Sha256& digest, const Tensor& tensor);  // undefined: nothing

// Of the names too, in their order. Takes seconds for gigabytes.
std::string digest_of(const NamedTensors& tensors);

}  // namespace moestro
