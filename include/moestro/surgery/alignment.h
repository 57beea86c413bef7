// Bringing the units of experts into one order: unit u of every expert then does what comes nearest
// to the work of the reference expert's unit u, so that adding or averaging tensors means
// something.
//
// A plan, computed from all tensors that make or read a unit, and its application: the function of
// no expert changes.
#pragma once

#include <cstdint>
#include <vector>

#include "moestro/core/expert_tensors.h"
#include "moestro/surgery/hidden_layers.h"

namespace moestro {

struct Alignment {
  struct Layer {
    Tensor unit_EU;  // int64: which of expert e's units comes to place u
    // Mean over the other experts of sum_u <a_u, b_u> / sqrt(sum_u |a_u|^2 sum_u |b_u|^2), a the
    // reference's units and b theirs; 1: alike but for a factor, or nobody to compare with. No
    // order of this layer's units, those of other layers being in theirs, is above the bound.
    double before = 0, after = 0, bound = 0;
  };
  int64_t reference = 0;
  std::vector<Layer> layers;
};

struct AlignOptions {
  int64_t reference = 0;
  // Layers of more units are paired block by block: each place is given the best unit that is left,
  // then places are drawn into blocks, each of which is solved exactly, again and again. The loss
  // is at most bound - after. At least 1.
  int64_t exact = 2048;
};

// Of one hidden layer the exact optimum of sum_u <a_u, b_u> (Hungarian method); of several in turns
// until none changes (weight matching, Ainsworth et al. 2023, 3.2), from two starts (chosen): the
// order by what makes a unit alone, and the order the units are in. The better end is kept, so that
// all layers together are never less alike than before, though one of them may be. Throws UserError
// for an expert that is not there, and for values that are not finite.
Alignment align(const ExpertTensors& experts, const std::vector<HiddenLayer>& layers,
                const AlignOptions& options = {});

// The experts in that order, on the CPU; each tensor is put into order when it is asked for.
ExpertTensors aligned(const ExpertTensors& experts, const std::vector<HiddenLayer>& layers,
                      const Alignment& alignment);

}  // namespace moestro
