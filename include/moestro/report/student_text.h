// How a student was made of a mixture, in sentences. Plain text.
#pragma once

#include <string>

#include "moestro/report/run_record.h"

namespace moestro {

// What became of the experts; of a run whose summary has a student.
std::string folding_text(const RunRecord& run);

// What it learned from afterwards; and that it did not, where it was folded only.
std::string distillation_text(const RunRecord& run);

// "13,300 parameters in place of 777,796: 1.7 % of them."; empty where that is not known.
std::string size_text(const RunRecord& run);

}  // namespace moestro
