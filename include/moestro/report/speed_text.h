// What `moestro eval --speed` prints.
#pragma once

#include <string>

#include "moestro/lifecycle/speed_of_runs.h"
#include "moestro/report/text_table.h"

namespace moestro {

// Where it was measured, and a column a run; with two the ratio of the first to the second, and a
// table of how near the faster one comes to what weights and operations allow.
std::string speed_text(const SpeedsOfRuns& speeds, Rules rules);

}  // namespace moestro
