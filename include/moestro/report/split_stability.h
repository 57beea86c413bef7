// Whether runs split the same rows the same way.
#pragma once

#include <string>
#include <vector>

#include "moestro/report/run_record.h"

namespace moestro {

// A <figure> for each set of test rows that several mixtures were inspected on: the adjusted mutual
// information between their splits (measure/adjusted_mutual_information.h) as a heat map, and its
// mean over the pairs. Of more than 24 runs the first ones. Empty where no two can be compared.
std::string split_stability(const std::vector<RunRecord>& runs);

}  // namespace moestro
