// Learned tensors and running statistics, by name.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "moestro/core/tensor.h"

namespace moestro {

// Which slices of stacked tensors are frozen, one flag an expert. Frozen: no gradient, no optimiser
// update of any kind, batch norm in evaluation, dropout off.
using FreezeMask = std::vector<bool>;

struct Parameter {
  std::string name;                          // "experts.0.weight"
  Tensor value;                              // [E, ...]; E = 1 for what is not stacked
  std::shared_ptr<const FreezeMask> frozen;  // E flags, kept up to date by the owner; null: none
};

// Saved and restored with the parameters, but not learned: batch norm's running statistics, the
// bias of a balanced gate.
struct Buffer {
  std::string name;
  Tensor value;
};

// a's, then b's.
void append(std::vector<Parameter>& a, const std::vector<Parameter>& b);

// Moves values to a device or a floating type in place: whoever holds one of these tensors sees the
// new storage. To be called before an optimiser is made.
void convert(const std::vector<Parameter>& parameters, const std::vector<Buffer>& buffers,
             const at::TensorOptions& options);

}  // namespace moestro
