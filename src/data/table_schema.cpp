#include "moestro/data/table_schema.h"

#include <algorithm>
#include <tuple>
#include <unordered_set>

#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/data/cell.h"
#include "moestro/data/csv.h"

namespace moestro {
namespace {

constexpr size_t kMostCategories = 1000;
constexpr size_t kMostNumericClasses = 50;

struct ColumnValues {
  bool numeric = true, whole = true, missing = false;
  std::vector<std::string> different;  // sorted, numbers by value
};

bool by_value(const std::string& a, const std::string& b) {
  return parse_number(a).value_or(0) < parse_number(b).value_or(0);
}

std::string_view without(std::string_view cell, std::string_view suffix) {
  if (!suffix.empty() && cell.ends_with(suffix)) cell.remove_suffix(suffix.size());
  return cell;
}

ColumnValues find_values(const CsvTable& table, int64_t column, const std::string& suffix) {
  ColumnValues values;
  std::unordered_set<std::string_view> different;
  for (int64_t row = 0; row < table.rows(); ++row) {
    const std::string_view cell = without(table.cell(row, column), suffix);
    if (is_missing(cell)) {
      values.missing = true;
      continue;
    }
    if (values.numeric) {
      const std::optional<double> number = parse_number(cell);
      values.numeric = number.has_value();
      values.whole =
          values.whole && number && std::isfinite(*number) && std::trunc(*number) == *number;
    }
    // Of a numeric column only as many as the choice of the task needs; texts are all needed.
    if (!values.numeric || different.size() <= kMostCategories) different.insert(cell);
  }
  if (!values.numeric)
    for (int64_t row = 0; row < table.rows(); ++row)
      if (const auto cell = without(table.cell(row, column), suffix); !is_missing(cell))
        different.insert(cell);
  values.different.assign(different.begin(), different.end());
  std::sort(values.different.begin(), values.different.end());
  if (values.numeric) std::stable_sort(values.different.begin(), values.different.end(), by_value);
  return values;
}

TableColumn find_column(const CsvTable& table, int64_t position) {
  ColumnValues values = find_values(table, position, "");
  TableColumn column;
  column.name = table.names()[static_cast<size_t>(position)];
  column.position = position;
  column.missing = values.missing;
  if (values.different.empty())
    throw UserError("{}: column \"{}\" is missing in every row; name it in data.ignore",
                    table.file(), column.name);
  if (values.numeric) return column;
  if (values.different.size() > kMostCategories)
    throw UserError(
        "{}: column \"{}\" holds {} different texts; expected numbers or at most {} categories "
        "(data.ignore leaves a column out; data.text names those that are texts to read)",
        table.file(), column.name, values.different.size(), kMostCategories);
  column.kind = TableColumn::Kind::categorical;
  column.categories = std::move(values.different);
  return column;
}

void refuse_missing_target(const CsvTable& table, int64_t position) {
  for (int64_t row = 0; row < table.rows(); ++row)
    if (is_missing(table.cell(row, position)))
      throw UserError("{}: the target is missing (\"{}\")", table.where(row, position),
                      table.cell(row, position));
}

void find_target(const CsvTable& table, const TableOptions& options, TableSchema& schema) {
  refuse_missing_target(table, schema.target_position);
  if (!options.classes.empty()) {
    schema.class_names = options.classes;
    return;
  }
  ColumnValues values = find_values(table, schema.target_position, options.target_suffix);
  const bool few = values.whole && values.different.size() <= kMostNumericClasses;
  const bool classes =
      options.task == "classes" || (options.task == "auto" && (!values.numeric || few));
  if (values.different.size() < 2)
    throw UserError("{}: the target \"{}\" is {} in every row; expected at least 2 values",
                    table.file(), schema.target, values.different[0]);
  if (!classes) return;
  if (values.different.size() > kMostCategories)
    throw UserError("{}: the target \"{}\" has more than {} different values; expected classes",
                    table.file(), schema.target, kMostCategories);
  if (options.task == "auto" && values.numeric)
    log_info(
        "{}: the {} numbers of \"{}\" are taken as classes (data.task = \"values\" for "
        "regression)",
        table.file(), values.different.size(), schema.target);
  schema.class_names = std::move(values.different);
}

void find_inputs(const CsvTable& table, const TableOptions& options, TableSchema& schema) {
  std::vector<int64_t> left_out = {schema.target_position};
  for (const std::string& name : options.ignore)
    left_out.push_back(table.find_column(name, "data.ignore"));
  for (int64_t position = 0; position < table.columns(); ++position)
    if (std::find(left_out.begin(), left_out.end(), position) == left_out.end())
      schema.columns.push_back(find_column(table, position));
  if (schema.columns.empty())
    throw UserError("{}: no input columns beside the target \"{}\"", table.file(), schema.target);
}

void find_texts(const CsvTable& table, const TableOptions& options, TableSchema& schema) {
  std::vector<int64_t> positions;
  for (const std::string& name : options.text)
    positions.push_back(table.find_column(name, "data.text"));
  if (positions.empty()) positions.push_back(schema.target_position == 0 ? 1 : 0);
  if (table.columns() < 2)
    throw UserError("{}: one column; expected a text and a label, apart", table.file());
  for (const int64_t position : positions) {
    const std::string& name = table.names()[static_cast<size_t>(position)];
    if (position == schema.target_position)
      throw UserError("{}: column \"{}\" is the target (data.target) and cannot be data.text",
                      table.file(), name);
    if (std::count(positions.begin(), positions.end(), position) > 1)
      throw UserError("{}: column \"{}\" is twice in data.text; expected different columns",
                      table.file(), name);
    TableColumn column;
    column.name = name;
    column.position = position;
    column.kind = TableColumn::Kind::text;
    schema.columns.push_back(std::move(column));
  }
}

}  // namespace

int64_t TableColumn::width() const {
  if (kind == Kind::text) return 0;
  return (kind == Kind::numeric ? 1 : static_cast<int64_t>(categories.size())) + missing;
}

int64_t TableSchema::width() const {
  int64_t width = 0;
  for (const TableColumn& column : columns) width += column.width();
  return width;
}

std::vector<std::string> TableSchema::input_names() const {
  std::vector<std::string> names;
  for (const TableColumn& column : columns) {
    if (column.kind == TableColumn::Kind::numeric) names.push_back(column.name);
    for (const std::string& category : column.categories)
      names.push_back(column.name + " = " + category);
    if (column.missing) names.push_back(column.name + " missing");
  }
  return names;
}

CsvOptions TableSchema::csv_options() const {
  CsvOptions options;
  options.separator = separator;
  options.header = header ? "auto" : "no";
  if (header) options.known_names = file_names;
  options.comment = comment;
  return options;
}

TableSchema find_table_schema(const CsvTable& table, const TableOptions& options) {
  TableSchema schema;
  schema.header = table.has_header();
  schema.separator = options.separator;
  schema.comment = options.comment;
  schema.file_names = table.names();
  schema.target_suffix = options.target_suffix;
  schema.target_position =
      table.find_column(options.target.empty() ? "-1" : options.target, "data.target");
  schema.target = table.names()[static_cast<size_t>(schema.target_position)];
  find_target(table, options, schema);
  if (options.texts)
    find_texts(table, options, schema);
  else
    find_inputs(table, options, schema);
  return schema;
}

bool same_inputs(const TableSchema& one, const TableSchema& other) {
  return std::ranges::equal(one.columns, other.columns,
                            [](const TableColumn& a, const TableColumn& b) {
                              return std::tie(a.name, a.kind, a.missing, a.categories) ==
                                     std::tie(b.name, b.kind, b.missing, b.categories);
                            });
}

}  // namespace moestro
