// When experts were merged: a time line, a dot a merge.
#pragma once

#include <string>

#include "moestro/report/continual_record.h"

namespace moestro {

std::string merge_line(const ContinualRecord& run);  // HTML; empty without merges

}  // namespace moestro
