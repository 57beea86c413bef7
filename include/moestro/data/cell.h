// One cell of a table.
#pragma once

#include <optional>
#include <string_view>

namespace moestro {

// "", "?", "NA", "nan" (capitals do not matter): nothing is known here.
bool is_missing(std::string_view cell);

// The number that fills the cell, "inf" too; none for anything else. What is too large is inf.
std::optional<double> parse_number(std::string_view cell);

// Without the blanks on both sides.
std::string_view trimmed(std::string_view text);

}  // namespace moestro
