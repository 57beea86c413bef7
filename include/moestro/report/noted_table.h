// A table with a note below, for a terminal and for a page.
#pragma once

#include <string>
#include <vector>

#include "moestro/report/text_table.h"

namespace moestro {

struct NotedTable {
  std::vector<std::string> headings;
  std::vector<std::vector<std::string>> rows;  // the first cell names the row
  std::string note;                            // plain text; may be empty
};

// The note in 80 columns.
std::string table_text(const NotedTable& table, Rules rules);
std::string table_html(const NotedTable& table);

}  // namespace moestro
