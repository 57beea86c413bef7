// Which units of which experts a dense network is made of.
#pragma once

#include <cstdint>
#include <vector>

#include "moestro/core/expert_tensors.h"
#include "moestro/surgery/hidden_layers.h"

namespace moestro {

// Of one hidden layer: place u of the student is unit unit_U[u] of expert expert_U[u].
struct UnitChoice {
  std::vector<int64_t> expert_U, unit_U;
};

// How strong a unit is: the L2 norm of the weights that make it (no bias, no scale); that times the
// norm of those that read it; the latter times its mean activation on calibration rows.
enum class Ranking { norm, norms, activation };

// [E, U] of each hidden layer, double on the CPU. activation_EU: one a hidden layer, for that
// ranking alone. Throws UserError for weights that are not finite.
std::vector<Tensor> unit_strengths(const ExpertTensors& experts,
                                   const std::vector<HiddenLayer>& layers, Ranking ranking,
                                   const std::vector<Tensor>& activation_EU = {});

// The strongest units of each expert, width / E of them (rounded down); the places that are left go
// to the strongest next units, one an expert. Where that is not one unit each, the `width`
// strongest of all experts, at most two of one. Expert by expert, the stronger units first. Throws
// UserError for a width below 1, or where there are not so many units.
UnitChoice strongest_units(const Tensor& strength_EU, int64_t width);

// The same layer by layer, widths being the student's: from the second on only experts that still
// have units in the layer before.
std::vector<UnitChoice> strongest_units(const std::vector<Tensor>& strength_EU,
                                        const std::vector<int64_t>& widths);

// All units of those experts, one after the other.
std::vector<UnitChoice> whole_experts(const std::vector<HiddenLayer>& layers,
                                      const std::vector<int64_t>& experts);

// 0 .. experts - 1.
std::vector<int64_t> every_expert(int64_t experts);

// The experts that have units there, ascending.
std::vector<int64_t> experts_of(const UnitChoice& choice);

}  // namespace moestro
