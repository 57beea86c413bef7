#include "moestro/data/text_rows.h"

#include <algorithm>

#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/core/suggest.h"
#include "moestro/data/cell.h"
#include "moestro/data/csv.h"
#include "moestro/data/text_file.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

// "label text" as "label<tab>text", line by line.
std::string as_table(std::string text, const std::string& file, const TextLayout& layout) {
  std::replace(text.begin(), text.end(), '\t', ' ');
  std::string out;
  int64_t line_number = 0;
  for (size_t at = 0; at < text.size();) {
    ++line_number;
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = trimmed(std::string_view(text).substr(at, end - at));
    at = end + 1;
    const size_t blank = std::min(line.find(' '), line.size());
    if (!line.empty() && blank == line.size() && !layout.may_be_empty)
      throw UserError("{}:{}: \"{}\"; expected a label, a blank, and a text", file, line_number,
                      line);
    if (!line.empty()) {
      const std::string_view label = line.substr(0, blank);
      out.append(label.substr(0, layout.label_end ? label.find(layout.label_end) : label.npos));
      out.append("\t").append(line.substr(blank));
    }
    out += '\n';
  }
  return out;
}

CsvTable read_table(const fs::path& path, const TextLayout& layout, CsvOptions options) {
  std::string text = read_text_file(path, layout.encoding);
  if (layout.format == "lines") text = as_table(std::move(text), path.string(), layout);
  if (layout.format != "csv") options.separator = "tab";
  return CsvTable::parse(std::move(text), path.string(), options);
}

// Line ends within a quoted cell are blanks: what is printed of a text stays a line.
std::string text_of(const CsvTable& table, int64_t row, int64_t column, bool may_be_empty) {
  std::string text(trimmed(table.cell(row, column)));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  if (text.empty() && !may_be_empty)
    throw UserError("{}: an empty text; expected words", table.where(row, column));
  return text;
}

TextRows rows_of(const CsvTable& table, const TextRecord& record, Targets targets) {
  const Placement placement = place_columns(table, record.table, targets);
  TextRows rows;
  rows.name = table.file();
  for (int64_t row = 0; row < table.rows(); ++row) {
    std::vector<std::string> texts;
    for (const int64_t column : placement.inputs)
      texts.push_back(text_of(table, row, column, record.layout.may_be_empty));
    if (record.layout.one_text) texts = {joined(texts, " ")};
    rows.texts.push_back(std::move(texts));
  }
  rows.class_names = record.table.class_names;
  rows.classes = static_cast<int64_t>(rows.class_names.size());
  if (placement.target >= 0) rows.targets_N = encode_targets(table, record.table, placement.target);
  return rows;
}

std::vector<std::string> trimmed_lines(const fs::path& path, const std::string& encoding) {
  std::vector<std::string> lines = read_lines(path, encoding);
  for (std::string& line : lines) line = std::string(trimmed(line));
  return lines;
}

TextRows read_pairs(const std::vector<fs::path>& files, const std::string& encoding) {
  MOESTRO_CHECK(files.size() == 2);
  TextRows rows = read_plain_texts(files[0], encoding);
  rows.parallel = true;
  rows.translations = trimmed_lines(files[1], encoding);
  const auto targets = static_cast<int64_t>(rows.translations.size());
  if (targets != rows.rows())
    throw UserError("{} has {} lines and {} has {}; expected as many, line by line",
                    files[0].string(), rows.rows(), files[1].string(), targets);
  return rows;
}

TextRows without_empty_pairs(TextRows rows) {
  std::vector<int64_t> kept;
  for (size_t row = 0; row < rows.texts.size(); ++row)
    if (!rows.texts[row][0].empty() && !rows.translations[row].empty())
      kept.push_back(static_cast<int64_t>(row));
  const auto count = static_cast<int64_t>(kept.size());
  if (count == rows.rows()) return rows;
  if (count == 0) throw UserError("{}: every pair has an empty side", rows.name);
  log_warning("{}: {} of {} pairs have an empty side and are left out", rows.name,
              rows.rows() - count, rows.rows());
  return select_rows(rows, at::tensor(kept, at::kLong));
}

}  // namespace

TextRows select_rows(const TextRows& rows, const Tensor& rows_M) {
  TextRows out;
  out.name = rows.name;
  out.parallel = rows.parallel;
  out.classes = rows.classes;
  out.class_names = rows.class_names;
  const auto* listed = rows_M.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < rows_M.numel(); ++i) {
    const auto row = static_cast<size_t>(listed[i]);
    out.texts.push_back(rows.texts[row]);
    if (rows.parallel) out.translations.push_back(rows.translations[row]);
  }
  if (rows.targets_N.defined()) out.targets_N = rows.targets_N.index_select(0, rows_M);
  return out;
}

TextRows read_training_texts(const std::vector<fs::path>& files, TextRecord& record) {
  const TextLayout& layout = record.layout;
  if (record.is_translation()) return without_empty_pairs(read_pairs(files, layout.encoding));
  const bool lines = layout.format == "lines";
  CsvOptions csv;
  csv.separator = layout.separator;
  csv.header = lines ? "no" : layout.header;
  const CsvTable table = read_table(files[0], layout, csv);
  TableOptions options;
  options.separator = layout.format == "csv" ? layout.separator : "tab";
  options.target = lines ? "1" : layout.target;
  options.task = layout.task;
  options.classes = layout.labels;
  options.texts = true;
  options.text = layout.columns;
  record.table = find_table_schema(table, options);
  return rows_of(table, record, Targets::required);
}

TextRows read_texts(const std::vector<fs::path>& files, const TextRecord& record, Targets targets) {
  if (record.is_translation()) return read_pairs(files, record.layout.encoding);
  const CsvTable table = read_table(files[0], record.layout, record.table.csv_options());
  return rows_of(table, record, targets);
}

TextRows read_plain_texts(const fs::path& path, const std::string& encoding) {
  TextRows rows;
  rows.name = path.string();
  for (std::string& line : trimmed_lines(path, encoding)) rows.texts.push_back({std::move(line)});
  if (rows.texts.empty()) throw UserError("{}: no lines; expected one text a line", path.string());
  return rows;
}

}  // namespace moestro
