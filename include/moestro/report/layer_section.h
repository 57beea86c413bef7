// The part of a run's page about the mixture layers of a Transformer.
#pragma once

#include <string>
#include <vector>

#include "moestro/report/inspection_record.h"

namespace moestro {

// HTML: how all layers use their experts, then of each layer its finding, usage by place, and the
// tokens most typical of each expert. Empty without layers.
std::string layer_section(const InspectionRecord& inspection);

}  // namespace moestro
