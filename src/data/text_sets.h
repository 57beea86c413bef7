// The named sets of texts.
#pragma once

#include <vector>

#include "moestro/data/named_sets.h"

namespace moestro {

std::vector<NamedSet> text_sets();

}  // namespace moestro
