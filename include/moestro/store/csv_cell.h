// A cell of a CSV file (RFC 4180).
#pragma once

#include <string>

namespace moestro {

// In quotes where it holds a separator, a quote or a line end.
std::string csv_cell(const std::string& text);

}  // namespace moestro
