// What `moestro inspect` prints.
#pragma once

#include <string>

#include "moestro/report/inspection_record.h"
#include "moestro/report/run_record.h"
#include "moestro/report/text_table.h"

namespace moestro {

// The experts, their classes and who would have been right, each with a word of what it shows, in
// 80 columns.
std::string inspection_text(const InspectionRecord& inspection, Rules rules);

// The same of a Transformer without mixture layers: how it does on these rows.
std::string dense_text(const InspectionRecord& inspection, const RunRecord& run);

}  // namespace moestro
