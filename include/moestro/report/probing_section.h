// The part of a run's page about each expert alone.
#pragma once

#include <string>

#include "moestro/report/inspection_record.h"

namespace moestro {

// HTML: what it shows in a sentence, and a table with a row an expert. Empty where nothing was
// probed, as in folders of older versions.
std::string probing_section(const InspectionRecord& inspection);

// The table of one mixture layer with its heading and what it means; empty likewise.
std::string layer_probing_html(const LayerRecord& layer);

}  // namespace moestro
