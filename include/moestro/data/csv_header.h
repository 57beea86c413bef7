// Does the first row of a table name its columns?
#pragma once

#include <string>
#include <vector>

namespace moestro {

class CsvTable;

// The table still counts its first row among its rows. With `known_names`: whether that row holds
// only such names, or all of them, or half of them at their places. Otherwise: some column has a
// text above numbers only, or a text above repeated texts among which it does not occur; and no
// column of texts repeats its first cell.
bool first_row_is_header(const CsvTable& table, const std::vector<std::string>& known_names);

}  // namespace moestro
