// What `moestro continual` prints of a run: the matrix, and every measure with its formula.
#pragma once

#include <string>

#include "moestro/report/continual_record.h"
#include "moestro/report/text_table.h"

namespace moestro {

std::string continual_text(const ContinualRecord& run, Rules rules);  // empty before the end

}  // namespace moestro
