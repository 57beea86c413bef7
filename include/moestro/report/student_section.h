// The part of a run's page about the mixture that the network was folded from.
#pragma once

#include <string>

#include "moestro/report/run_record.h"

namespace moestro {

// HTML: how it was folded and what it learned from, sizes and errors of both, its error along the
// distillation, and what became of each layer. Empty without a teacher, and before the summary.
std::string student_section(const RunRecord& run);

}  // namespace moestro
