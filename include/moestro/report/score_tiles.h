// The figures of a run, large, each with one sentence on what it says.
#pragma once

#include <string>

#include "moestro/report/run_record.h"

namespace moestro {

std::string score_tiles(const RunRecord& run);  // HTML; empty before the summary

}  // namespace moestro
