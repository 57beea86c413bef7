// What a run found, in one sentence.
#pragma once

#include <string>

#include "moestro/report/run_record.h"

namespace moestro {

// "Five experts, all in use: test error 9.87 %, the gate is sure (H_s 0.10 bits), and knowing the
// expert tells 2.20 of 3.32 bits of the class." Plain text.
std::string finding(const RunRecord& run);

// H(Y) in bits: what there is to tell about the class. NaN without a class-by-expert table.
double class_entropy(const InspectionRecord& inspection);

}  // namespace moestro
