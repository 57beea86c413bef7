// A part of the experts as a set of its own.
#pragma once

#include <cstdint>
#include <vector>

#include "moestro/core/expert_tensors.h"

namespace moestro {

// Those experts alone, numbered from 0.
ExpertTensors some_experts(const ExpertTensors& experts, const std::vector<int64_t>& which);

}  // namespace moestro
