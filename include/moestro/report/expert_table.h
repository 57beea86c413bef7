// What each expert learned, for the terminal.
#pragma once

#include <string>
#include <vector>

#include "moestro/report/inspection_record.h"
#include "moestro/report/text_table.h"

namespace moestro {

// One expert a row: its share of the samples, the gate's mass on it, its specialisation index, its
// accuracy on its own samples and alone on all (root mean squared errors for regression), and the
// classes it owns, as many by name as 80 columns hold. Columns without a number are left out.
std::string expert_table(const InspectionRecord& inspection, Rules rules);

// Samples of each class by expert, classes in the order of the expert that takes most of them; in
// several tables where the experts do not fit beside each other in 80 columns. Empty without
// classes or for one expert.
std::string class_table(const InspectionRecord& inspection, Rules rules);

// "Trouser, Dress", or "apple, bee, cow and 3 more" beyond most names.
std::string names_text(const std::vector<std::string>& names, std::size_t most);

}  // namespace moestro
