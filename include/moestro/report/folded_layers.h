// What became of each bank of experts when a mixture was folded, on a page.
#pragma once

#include <string>
#include <vector>

#include "moestro/report/student_record.h"

namespace moestro {

// HTML: the table (folded_table.h), shut where it is long, and <figure>s with a column an expert:
// the share of strength that its kept units have, and the share of energy kept of each of its
// matrices; of several layers one a tensor, a row a layer. Empty where there is nothing to say.
std::string folded_layers(const std::vector<FoldedLayerRecord>& layers);

}  // namespace moestro
