// The page that compares the runs of a folder.
#pragma once

#include <string>
#include <vector>

#include "moestro/report/run_record.h"

namespace moestro {

// A whole HTML file: a table, how far their splits agree, overlaid curves, and links to
// NAME/report.html. runs: at least one.
std::string compare_page(const std::string& title, const std::vector<RunRecord>& runs);

}  // namespace moestro
