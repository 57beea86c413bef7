// What `moestro continual` prints of a run: the matrix, and every measure with its formula.
#pragma once

#include <filesystem>
#include <string>

#include "moestro/report/text_table.h"

namespace moestro {

// Reads the folder's summary.json. Throws UserError where it is of another kind of run.
std::string continual_text(const std::filesystem::path& run, Rules rules);

}  // namespace moestro
