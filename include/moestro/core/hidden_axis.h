// Which entries of which tensors belong to the same hidden unit of an expert. Surgery (aligning,
// gathering, merging, pruning units) permutes or selects units through it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "moestro/core/tensor.h"

namespace moestro {

struct HiddenAxis {
  // Unit u owns, along dimension `dim` of one expert's `tensor` (the expert axis not counted), the
  // entries [offset + u * stride, offset + u * stride + block). A convolution's channel followed by
  // flatten is a block of height * width columns; a packed gate_up matrix gives two parts.
  struct Part {
    std::string tensor;
    int64_t dim = 0, offset = 0, block = 1, stride = 1;
  };

  int64_t units = 0;
  std::vector<Part> parts;

  // The indices along part.dim that the listed units own, unit by unit: int64 [units * block].
  Tensor indices(const Part& part, const Tensor& units_U) const;
};

}  // namespace moestro
