// How the columns of a table become inputs and targets: found on the training file, kept with the
// run, applied to every other file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace moestro {

class CsvTable;
struct CsvOptions;

// numeric: the number, with the training rows' mean where it is missing, and a 1 in a second input
// (`indicator`) there if any training cell is missing. categorical: one-hot over the categories,
// with one more, the last, for missing cells if any training cell is missing. text: no input yet
// (data/text_rows.h).
struct TableColumn {
  enum class Kind { numeric, categorical, text };

  std::string name;
  int64_t position = 0;  // in the training file
  Kind kind = Kind::numeric;
  bool missing = false;  // some training cell is missing
  double mean = 0;       // numeric: of the training rows
  std::vector<std::string> categories;

  int64_t width() const;  // inputs that it becomes

  bool operator==(const TableColumn&) const = default;
};

struct TableSchema {
  std::vector<TableColumn> columns;  // the inputs, in the order of the training file
  std::string target;
  int64_t target_position = 0;
  std::string target_suffix;             // cut off target cells where it is there
  std::vector<std::string> class_names;  // sorted, numbers by value; empty: values
  std::vector<std::string> file_names;   // every column of the training file, ignored ones too
  bool header = false;
  std::string separator = "auto";  // as in CsvOptions
  char comment = 0;

  int64_t width() const;
  // One an input: "age", "age missing", "job = clerk".
  std::vector<std::string> input_names() const;
  // How to read another file of the same table.
  CsvOptions csv_options() const;

  bool operator==(const TableSchema&) const = default;
};

struct TableOptions {
  std::string target;               // name or number; empty: the last
  std::string task = "auto";        // classes, values
  std::vector<std::string> ignore;  // names or numbers
  std::string target_suffix;
  std::vector<std::string> classes;  // as written, in their order; empty: as found
  // All inputs are texts: the columns named, or where none is the first that is not the target.
  bool texts = false;
  std::vector<std::string> text;
  std::string separator = "auto";
  char comment = 0;
};

// Finds kinds, categories and classes over all rows; means stay 0 (see fill_missing). A column is
// numeric if every cell that is not missing parses as a number. Throws UserError for a column that
// is missing throughout or has more than 1000 categories, for a missing target, where the target
// has one value only, and for a text that is the target or named twice.
TableSchema find_table_schema(const CsvTable& table, const TableOptions& options);

// Whether inputs of both mean the same: columns of the same names, kinds and categories. Means may
// differ.
bool same_inputs(const TableSchema& one, const TableSchema& other);

nlohmann::json to_json(const TableSchema& schema);
TableSchema table_schema_from_json(const nlohmann::json& json);  // throws nlohmann's exceptions

}  // namespace moestro
