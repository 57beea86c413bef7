// The page of one run: report.html.
#pragma once

#include <string>

#include "moestro/report/run_record.h"

namespace moestro {

// A whole HTML file. Says what there is to say also for one expert, for regression, without
// pictures, and for a run that has not ended.
std::string run_page(const RunRecord& run);

}  // namespace moestro
