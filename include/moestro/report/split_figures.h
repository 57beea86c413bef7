// The plots of how experts split the work, from inspection.json.
#pragma once

#include <string>

#include "moestro/report/inspection_record.h"

namespace moestro {

// A row of <figure>s: who takes which class, who would have been right, gate mass beside hard
// usage, accuracies, and the map of inputs. What the record does not have is left out; nothing for
// one expert.
std::string split_figures(const InspectionRecord& inspection);

}  // namespace moestro
