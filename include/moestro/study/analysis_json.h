// What a study found, for programs (`moestro study --json`; docs/run-folder.md).
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "moestro/study/analysis.h"

namespace moestro {

// What could not be computed is null.
nlohmann::ordered_json to_json(const Analysis& analysis);

}  // namespace moestro
