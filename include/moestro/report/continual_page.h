// The page of a run through a stream of tasks.
#pragma once

#include <string>

#include "moestro/report/continual_record.h"

namespace moestro {

// Matrices, measures with their formulas, and a time line of the merges.
std::string continual_page(const ContinualRecord& run);

}  // namespace moestro
