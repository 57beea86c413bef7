// A card an expert: its number and colour, the classes it owns, how often it is chosen, how right
// it is, and samples of its own.
#pragma once

#include <string>

#include "moestro/report/run_record.h"

namespace moestro {

// HTML; empty before the inspection. Experts that get no sample share one line after the cards.
std::string expert_cards(const RunRecord& run);

}  // namespace moestro
