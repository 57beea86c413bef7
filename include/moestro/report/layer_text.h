// The mixture layers of a Transformer, for the terminal.
#pragma once

#include <string>

#include "moestro/report/inspection_record.h"
#include "moestro/report/text_table.h"

namespace moestro {

// "encoder.1: 4 of 4 experts used; ..." of each layer, in lines of at most 80 columns.
std::string layer_findings(const InspectionRecord& inspection);

// Of each layer that and its experts, one a row: their share of the choices, the gate's mass and
// the tokens most typical of them, as many as 80 columns hold; then usage by place. Empty without
// layers.
std::string layer_text(const InspectionRecord& inspection, Rules rules);

}  // namespace moestro
