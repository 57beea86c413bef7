// What became of each bank of experts when a mixture was folded, for the terminal.
#pragma once

#include <string>
#include <vector>

#include "moestro/report/student_record.h"
#include "moestro/report/text_table.h"

namespace moestro {

// The table of folded_table.h with what its columns mean, and then, a column an expert, what was
// kept of each one: units and their strength, ranks and their energy. Empty where there is nothing
// to say.
std::string folded_text(const std::vector<FoldedLayerRecord>& layers, Rules rules);

}  // namespace moestro
