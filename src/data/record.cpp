#include "moestro/data/record.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "moestro/core/error.h"
#include "moestro/core/suggest.h"

namespace moestro {
namespace {

using Words = std::vector<std::string>;

void check_word(const std::string& what, const std::string& word, const Words& known) {
  if (std::find(known.begin(), known.end(), word) == known.end())
    throw UserError("{} \"{}\"; expected one of {}", what, word, joined(known));
}

void check_position(const std::string& what, int64_t position, const TableSchema& table) {
  const auto columns = static_cast<int64_t>(table.file_names.size());
  if (position < 0 || position >= columns)
    throw UserError("{} is at position {}; expected 0 to {}, the columns of its file", what,
                    position, columns - 1);
}

void check_table(const TableSchema& table, int64_t classes, bool texts) {
  if (table.columns.empty()) throw UserError("no columns in its table; expected at least one");
  for (const TableColumn& column : table.columns) {
    check_position(fmt::format("column \"{}\"", column.name), column.position, table);
    if ((column.kind == TableColumn::Kind::text) != texts)
      throw UserError("column \"{}\" holds {}; expected {}", column.name,
                      texts ? "no text" : "texts", texts ? "a text" : "numbers or categories");
  }
  check_position(fmt::format("the target \"{}\"", table.target), table.target_position, table);
  check_word("separator", table.separator, {"auto", ",", ";", "tab", "blank"});
  const auto names = static_cast<int64_t>(table.class_names.size());
  if (names != classes)
    throw UserError("{} class names in its table; expected as many as classes, {}", names, classes);
}

void check_text(const TextRecord& text, int64_t classes) {
  const TextLayout& layout = text.layout;
  check_word("format", layout.format, {"tsv", "csv", "lines", "parallel", "ids"});
  check_word("encoding", layout.encoding, {"utf-8", "latin-1"});
  if (text.longest < 3) throw UserError("longest = {}; expected at least 3 tokens", text.longest);
  if (text.vocabulary < 1) throw UserError("vocabulary = {}; expected at least 1", text.vocabulary);
  if (text.is_translation() && classes > 0) throw UserError("{} classes of a translation", classes);
  if (text.is_translation() && layout.languages.size() != 2)
    throw UserError("languages [{}]; expected two", joined(layout.languages));
  if (layout.format == "ids" || text.is_translation()) return;
  check_table(text.table, classes, /*texts=*/true);
}

void check_normaliser(const DataRecord& record) {
  const std::vector<double>& mean = record.normaliser.mean();
  const std::vector<double>& deviation = record.normaliser.deviation();
  if (record.text && !(mean.empty() && deviation.empty()))
    throw UserError("its normaliser has a mean or a deviation; expected none for texts");
  if (mean.size() != deviation.size())
    throw UserError("{} means and {} deviations; expected as many", mean.size(), deviation.size());
}

void check_width(const DataRecord& record) {
  const int64_t width = record.table->width();
  if (record.sample_shape != Shape{width})
    throw UserError("sample_shape [{}]; expected {}, the inputs of its table",
                    shape_text(record.sample_shape), width);
  if (std::ssize(record.normaliser.mean()) != width)
    throw UserError("{} means; expected {}, one for each input of its table",
                    record.normaliser.mean().size(), width);
}

ClassChoice choice_from_json(const nlohmann::json& json) {
  ClassChoice choice;
  json.at("kept").get_to(choice.kept);
  json.at("names").get_to(choice.names);
  return choice;
}

void check_choice(const DataRecord& record) {
  const ClassChoice& choice = *record.choice;
  const auto classes = static_cast<int64_t>(choice.names.size());
  for (const int64_t c : choice.kept)
    if (c < 0 || c >= classes)
      throw UserError("keeps class {}; expected 0 to {}, the classes of its files", c, classes - 1);
  if (choice.kept_names() != record.class_names || record.classes == 0)
    throw UserError("keeps the classes {}; expected {}, its class names",
                    joined(choice.kept_names()), joined(record.class_names));
}

// What a file edited by hand may say that no run does.
void check(const DataRecord& record) {
  const auto names = static_cast<int64_t>(record.class_names.size());
  if (record.classes < 0) throw UserError("classes = {}; expected at least 0", record.classes);
  if (record.classes > 0 && names != record.classes)
    throw UserError("{} class names; expected as many as classes, {}", names, record.classes);
  if (record.choice) check_choice(record);
  check_normaliser(record);
  if (record.table) {
    check_table(*record.table, record.file_classes(), /*texts=*/false);
    check_width(record);
  }
  if (!record.text) return;
  check_text(*record.text, record.file_classes());
  if (record.sample_shape != Shape{record.text->longest})
    throw UserError("sample_shape [{}]; expected longest, {}", shape_text(record.sample_shape),
                    record.text->longest);
}

}  // namespace

const std::vector<std::string>& DataRecord::file_class_names() const {
  return choice ? choice->names : class_names;
}

int64_t DataRecord::file_classes() const {
  return choice ? static_cast<int64_t>(choice->names.size()) : classes;
}

nlohmann::json DataRecord::to_json() const {
  nlohmann::json json = {{"name", name},
                         {"sample_shape", sample_shape},
                         {"classes", classes},
                         {"class_names", class_names},
                         {"inputs_name", inputs_name},
                         {"target_name", target_name},
                         {"normaliser", normaliser.to_json()}};
  if (choice) json["choice"] = {{"kept", choice->kept}, {"names", choice->names}};
  if (table) json["table"] = moestro::to_json(*table);
  if (text) json["text"] = moestro::to_json(*text);
  return json;
}

DataRecord DataRecord::from_json(const nlohmann::json& json, const std::string& where) {
  try {
    DataRecord record;
    json.at("name").get_to(record.name);
    json.at("sample_shape").get_to(record.sample_shape);
    json.at("classes").get_to(record.classes);
    json.at("class_names").get_to(record.class_names);
    json.at("inputs_name").get_to(record.inputs_name);
    json.at("target_name").get_to(record.target_name);
    record.normaliser = Normaliser::from_json(json.at("normaliser"));
    if (json.contains("choice")) record.choice = choice_from_json(json.at("choice"));
    if (json.contains("table")) record.table = table_schema_from_json(json.at("table"));
    if (json.contains("text")) record.text = text_record_from_json(json.at("text"));
    check(record);
    return record;
  } catch (const nlohmann::json::exception& error) {
    throw UserError("{}: not a data record of a run: {}", where, error.what());
  } catch (const UserError& error) {
    throw UserError("{}: not a data record of a run: {}", where, error.what());
  }
}

void check_same_inputs(const DataRecord& there, const DataRecord& here, const std::string& where) {
  if (there.sample_shape != here.sample_shape)
    throw UserError("{}: trained on samples of {}; expected {}", where,
                    shape_text(there.sample_shape), shape_text(here.sample_shape));
  const bool tables = there.table.has_value() && here.table.has_value();
  if (there.table.has_value() != here.table.has_value() ||
      (tables && !same_inputs(*there.table, *here.table)))
    throw UserError(
        "{}: trained on a table of other columns; expected the same names, kinds and categories",
        where);
}

}  // namespace moestro
