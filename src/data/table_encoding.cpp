#include "moestro/data/table_encoding.h"

#include <limits>
#include <unordered_map>

#include <ATen/Functions.h>
#include <fmt/ranges.h>

#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/core/suggest.h"
#include "moestro/data/cell.h"
#include "moestro/data/csv.h"

namespace moestro {
namespace {

using Index = std::unordered_map<std::string_view, int64_t>;

Index index_of(const std::vector<std::string>& words) {
  Index index;
  for (size_t i = 0; i < words.size(); ++i) index.emplace(words[i], static_cast<int64_t>(i));
  return index;
}

// A long list of categories says less than its first few.
std::string some_of(const std::vector<std::string>& words) {
  constexpr size_t kShown = 8;
  if (words.size() <= kShown) return joined(words);
  return fmt::format("{}, ... ({} in all)", fmt::join(words.begin(), words.begin() + kShown, ", "),
                     words.size());
}

[[noreturn]] void fail_unknown(const CsvTable& table, int64_t row, int64_t column,
                               const std::string& kind, const std::vector<std::string>& known) {
  throw UserError("{}: unknown {} \"{}\"; expected one of {}", table.where(row, column), kind,
                  table.cell(row, column), some_of(known));
}

float finite_number(const CsvTable& table, int64_t row, int64_t column) {
  const std::string_view cell = table.cell(row, column);
  const std::optional<double> number = parse_number(cell);
  if (!number) throw UserError("{}: \"{}\"; expected a number", table.where(row, column), cell);
  const auto value = static_cast<float>(*number);
  if (!std::isfinite(value))
    throw UserError("{}: \"{}\"; expected a finite number", table.where(row, column), cell);
  return value;
}

int64_t place_of(const CsvTable& table, const std::string& name) {
  const auto& names = table.names();
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? -1 : found - names.begin();
}

Placement place_by_name(const CsvTable& table, const TableSchema& schema) {
  Placement placement;
  for (const TableColumn& column : schema.columns) {
    placement.inputs.push_back(place_of(table, column.name));
    if (placement.inputs.back() < 0)
      throw UserError("{}: no column \"{}\"; the training data has it{}", table.file(), column.name,
                      suggestion(column.name, table.names()));
  }
  placement.target = place_of(table, schema.target);
  return placement;
}

Placement place_by_position(const CsvTable& table, const TableSchema& schema) {
  const auto columns = static_cast<int64_t>(schema.file_names.size());
  const bool with_target = table.columns() == columns;
  if (!with_target && table.columns() != columns - 1)
    throw UserError("{}: {} columns; expected {}, as in the training data", table.file(),
                    table.columns(), columns);
  Placement placement;
  for (const TableColumn& column : schema.columns)
    placement.inputs.push_back(column.position -
                               (!with_target && column.position > schema.target_position));
  if (with_target) placement.target = schema.target_position;
  return placement;
}

void encode_numeric(const CsvTable& table, const TableColumn& column, int64_t from, float* out,
                    int64_t stride) {
  for (int64_t row = 0; row < table.rows(); ++row, out += stride) {
    const bool missing = is_missing(table.cell(row, from));
    out[0] = missing ? std::numeric_limits<float>::quiet_NaN() : finite_number(table, row, from);
    if (column.missing) out[1] = missing;
  }
}

void encode_categorical(const CsvTable& table, const TableColumn& column, int64_t from, float* out,
                        int64_t stride) {
  const Index index = index_of(column.categories);
  for (int64_t row = 0; row < table.rows(); ++row, out += stride) {
    const std::string_view cell = table.cell(row, from);
    if (is_missing(cell)) {
      if (!column.missing)
        throw UserError("{}: \"{}\" is missing; no training row misses it", table.where(row, from),
                        cell);
      out[column.categories.size()] = 1;
      continue;
    }
    const auto found = index.find(cell);
    if (found == index.end()) fail_unknown(table, row, from, "category", column.categories);
    out[found->second] = 1;
  }
}

Tensor encode_inputs(const CsvTable& table, const TableSchema& schema, const Placement& placement) {
  const int64_t width = schema.width();
  Tensor inputs_ND = at::zeros({table.rows(), width});
  float* out = inputs_ND.data_ptr<float>();
  for (size_t c = 0; c < schema.columns.size(); ++c) {
    const TableColumn& column = schema.columns[c];
    const auto encode =
        column.kind == TableColumn::Kind::numeric ? encode_numeric : encode_categorical;
    encode(table, column, placement.inputs[c], out, width);
    out += column.width();
  }
  return inputs_ND;
}

// mean: NaN where there is no number to take it of.
double mean_or_zero(const std::string& column, double mean) {
  if (std::isfinite(mean)) return mean;
  log_warning(
      "column \"{}\" is missing in every row to train on: it counts as 0 there, and what other "
      "rows "
      "have is not standardised",
      column);
  return 0;
}

void refuse_missing(const CsvTable& table, int64_t row, int64_t column) {
  if (is_missing(table.cell(row, column)))
    throw UserError("{}: the target is missing (\"{}\")", table.where(row, column),
                    table.cell(row, column));
}

Tensor encode_classes(const CsvTable& table, const TableSchema& schema, int64_t column) {
  const Index index = index_of(schema.class_names);
  Tensor targets_N = at::empty({table.rows()}, at::kLong);
  auto* out = targets_N.data_ptr<int64_t>();
  for (int64_t row = 0; row < table.rows(); ++row) {
    refuse_missing(table, row, column);
    std::string_view cell = table.cell(row, column);
    if (!schema.target_suffix.empty() && cell.ends_with(schema.target_suffix))
      cell.remove_suffix(schema.target_suffix.size());
    const auto found = index.find(cell);
    if (found == index.end()) fail_unknown(table, row, column, "class", schema.class_names);
    out[row] = found->second;
  }
  return targets_N;
}

Tensor encode_values(const CsvTable& table, int64_t column) {
  Tensor targets_N = at::empty({table.rows()});
  auto* out = targets_N.data_ptr<float>();
  for (int64_t row = 0; row < table.rows(); ++row) {
    refuse_missing(table, row, column);
    out[row] = finite_number(table, row, column);
  }
  return targets_N;
}

}  // namespace

Placement place_columns(const CsvTable& table, const TableSchema& schema, Targets targets) {
  const bool by_name = table.has_header() && schema.header;
  Placement placement = by_name ? place_by_name(table, schema) : place_by_position(table, schema);
  if (placement.target < 0 && targets == Targets::required)
    throw UserError("{}: no target column \"{}\"", table.file(), schema.target);
  return placement;
}

Tensor encode_targets(const CsvTable& table, const TableSchema& schema, int64_t column) {
  return schema.class_names.empty() ? encode_values(table, column)
                                    : encode_classes(table, schema, column);
}

Dataset encode_table(const CsvTable& table, const TableSchema& schema, Targets targets) {
  const Placement placement = place_columns(table, schema, targets);
  Dataset set;
  set.classes = static_cast<int64_t>(schema.class_names.size());
  set.class_names = schema.class_names;
  set.inputs = encode_inputs(table, schema, placement);
  if (placement.target >= 0) set.targets_N = encode_targets(table, schema, placement.target);
  return set;
}

void fit_means(TableSchema& schema, const Tensor& inputs_ND) {
  int64_t input = 0;
  for (TableColumn& column : schema.columns) {
    if (column.kind == TableColumn::Kind::numeric) {
      const double mean = inputs_ND.select(1, input).to(at::kDouble).nanmean().item<double>();
      column.mean = mean_or_zero(column.name, mean);
    }
    input += column.width();
  }
}

void fill_missing(const TableSchema& schema, const Tensor& inputs_ND) {
  int64_t input = 0;
  for (const TableColumn& column : schema.columns) {
    if (column.kind == TableColumn::Kind::numeric) {
      Tensor values_N = inputs_ND.select(1, input);
      values_N.masked_fill_(values_N.isnan(), column.mean);
    }
    input += column.width();
  }
}

}  // namespace moestro
