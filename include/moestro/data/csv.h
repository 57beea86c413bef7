// A table of texts: comma, semicolon, tab or blank separated, raw or gzip, line ends LF or CRLF,
// with or without a byte-order mark.
//
// A cell may stand in double quotes and then hold separators, line ends and doubled quotes. With
// tabs quotes are ordinary characters, as text/tab-separated-values has it. Blanks around a cell do
// not count; with the blank as separator, several count as one. Empty lines are skipped.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace moestro {

struct CsvOptions {
  std::string separator = "auto";  // ",", ";", "tab", "blank"; auto: the one that fits every row
  std::string header = "auto";     // "yes", "no"; auto: data/csv_header.h
  // Names that another file of the same table has: with header "auto" they decide.
  std::vector<std::string> known_names;
  char comment = 0;  // lines that begin with it are skipped
};

class CsvTable {
 public:
  // Throws UserError "file:line: ..." for a ragged row (cells expected and found), an open or badly
  // closed quote, a NUL byte, and "file: ..." for a table without rows.
  static CsvTable read(const std::filesystem::path& path, const CsvOptions& options = {});
  // The same of a text in memory; `name` stands for the file in messages.
  static CsvTable parse(std::string text, const std::string& name, const CsvOptions& options = {});

  const std::string& file() const { return file_; }
  int64_t rows() const { return static_cast<int64_t>(lines_.size()); }
  int64_t columns() const { return columns_; }
  bool has_header() const { return has_header_; }
  // From the header, otherwise "1", "2", ...
  const std::vector<std::string>& names() const { return names_; }

  std::string_view cell(int64_t row, int64_t column) const;
  // "file:12", where the row begins.
  std::string where(int64_t row) const;
  // "file:12: column "age""
  std::string where(int64_t row, int64_t column) const;

  // The column of that name, or of that number (1 the first, -1 the last). Throws UserError naming
  // `key`, the configuration key that asks.
  int64_t find_column(const std::string& name_or_number, const std::string& key) const;

 private:
  friend class CsvParser;

  void take_header();

  std::string file_, text_;      // text_: the cells, one after another
  std::vector<uint64_t> ends_;   // of each cell in text_
  std::vector<uint64_t> lines_;  // of each row in the file, from 1
  std::vector<std::string> names_;
  int64_t columns_ = 0;
  bool has_header_ = false;
};

}  // namespace moestro
