// What `moestro data` prints.
#pragma once

#include <string>
#include <vector>

#include "moestro/data/catalogue.h"
#include "moestro/report/text_table.h"

namespace moestro {

// name, rows, where it was found, licence; then where to get what is missing.
std::string catalogue_text(const std::vector<CatalogueEntry>& entries, Rules rules);

// One set: rows, shape, classes with their counts, columns.
std::string description_text(const SetDescription& description, Rules rules);

}  // namespace moestro
