// What `moestro inspect --probe` prints behind the rest.
#pragma once

#include <string>

#include "moestro/report/inspection_record.h"
#include "moestro/report/text_table.h"

namespace moestro {

// Each expert alone, on its own split and on the partition where there is one; or of each mixture
// layer; in 80 columns but for the name of a partition. Empty where nothing was probed.
std::string probing_text(const InspectionRecord& inspection, Rules rules);

}  // namespace moestro
