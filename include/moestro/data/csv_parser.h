// Splits a text into the rows and cells of a CsvTable.
#pragma once

#include <string>

#include "moestro/data/csv.h"

namespace moestro {

class CsvParser {
 public:
  CsvParser(std::string text, const std::string& name, const CsvOptions& options);

  // All rows, the header among them. Throws as CsvTable::read.
  CsvTable parse();

 private:
  void skip_line();
  bool at_line_end() const;
  void parse_row();
  void parse_plain_cell();
  void parse_quoted_cell();
  void end_cell();
  [[noreturn]] void fail(const std::string& what) const;

  CsvTable table_;
  std::string text_;
  char separator_, comment_;
  bool quotes_;
  size_t at_ = 0, out_ = 0;  // cells move to the front of text_ as they are read
  uint64_t line_ = 1;
};

// The separator among tab ; , and blank that splits the first lines into equally many cells;
// where none does, the most frequent one of the first line.
char detect_separator(std::string_view text, char comment);

}  // namespace moestro
