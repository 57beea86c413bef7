// How a student was made of a mixture. Plain text, of runs whose summary has a student.
#pragma once

#include <string>

#include "moestro/report/run_record.h"
#include "moestro/report/text_table.h"

namespace moestro {

// "Folded from the mixture", or "Taught by the mixture" where nothing was taken over.
std::string origin_text(const StudentRecord& student);

// " in 1.7 s": the folding; empty where there was none.
std::string seconds_text(const StudentRecord& student);

// What became of the experts.
std::string folding_text(const RunRecord& run);

// What it learned from afterwards; and that it did not, where it was folded only.
std::string distillation_text(const RunRecord& run);

// "13,300 parameters in place of 777,796: 1.7 % of them."; empty where that is not known.
std::string size_text(const RunRecord& run);

// All of these, how both did, and what was kept of each expert, in 80 columns: what `moestro
// inspect` prints.
std::string student_text(const RunRecord& run, Rules rules);

}  // namespace moestro
