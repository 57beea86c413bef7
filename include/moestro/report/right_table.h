// Who would have been right, for the terminal.
#pragma once

#include <string>

#include "moestro/report/inspection_record.h"
#include "moestro/report/text_table.h"

namespace moestro {

// A row an expert that owns samples: per cent of them that each expert answers rightly. For more
// experts than 80 columns hold: its own answers, and the one other expert that knows most of them.
// Empty without classes and for one expert.
std::string right_table(const InspectionRecord& inspection, Rules rules);

// How often the mixture is right, the owners alone, and a gate that always picked a right expert
// (the oracle); and the mixture's errors that some expert has right. Empty where that is not known,
// and for one expert.
std::string oracle_table(const InspectionRecord& inspection, Rules rules);

}  // namespace moestro
