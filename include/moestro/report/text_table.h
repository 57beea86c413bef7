// A table for terminals.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace moestro {

enum class Rules { none, lines };  // lines: of Unicode, above, below and under the headings

Rules stdout_rules();  // lines where standard output is a terminal

class TextTable {
 public:
  enum class Align { left, right };

  // Headings are not wrapped; a column of numbers is aligned right.
  void column(std::string heading, Align align);
  // As many cells as there are columns. Control characters are made harmless.
  void row(const std::vector<std::string>& cells);

  std::string str(Rules rules) const;  // ends in a line break

 private:
  struct Column {
    Align align;
    int64_t width;
  };
  std::string line(const std::vector<std::string>& cells) const;
  std::string rule() const;

  std::vector<Column> columns_;
  std::vector<std::string> headings_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace moestro
