// What layers over an expert axis share: stacked parameters, runs of frozen experts, and values
// that experts do not share any longer.
#pragma once

#include <string>
#include <vector>

#include "moestro/nn/layer.h"

namespace moestro {

// "experts.0" + "weight" -> "experts.0.weight" [E, shape...], uniform in [-bound, bound), drawn
// expert by expert, so that expert e is the same whatever E is. Requires grad.
Parameter draw_parameter(const LayerSetting& setting, const std::string& tensor, const Shape& shape,
                         double bound);
// Of a uniform start that keeps the variance both ways (Glorot and Bengio 2010).
double xavier_bound(int64_t in, int64_t out);

Parameter constant_parameter(const LayerSetting& setting, const std::string& tensor,
                             const Shape& shape, double value);

// Neighbours that are all frozen, or all not.
struct FrozenRun {
  ExpertRange experts;
  bool frozen;
};
std::vector<FrozenRun> frozen_runs(const FreezeMask* frozen, ExpertRange experts);

// The slices of a stacked parameter in the type of the computation (a copy where that is lower than
// the master's); those of frozen experts let no gradient through.
Tensor live(const Parameter& parameter, ExpertRange experts, at::ScalarType type);
// The same of one expert, without the expert axis.
Tensor live_one(const Parameter& parameter, int64_t expert, at::ScalarType type);

// A copy for each expert where they shared the value; else x.
Activations spread(const Activations& x, int64_t experts);

// Images become rows: [N, E * C, H, W] -> [E, N, C * H * W]. Rows stay.
Activations flattened(const Activations& x);

}  // namespace moestro
