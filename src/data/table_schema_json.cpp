#include <nlohmann/json.hpp>

#include "moestro/data/table_schema.h"

namespace moestro {
namespace {

using Json = nlohmann::json;

Json to_json(const TableColumn& column) {
  Json json = {{"name", column.name}, {"position", column.position}, {"missing", column.missing}};
  if (column.kind == TableColumn::Kind::numeric) {
    json["kind"] = "numeric";
    json["mean"] = column.mean;
  } else if (column.kind == TableColumn::Kind::text) {
    json["kind"] = "text";
  } else {
    json["kind"] = "categorical";
    json["categories"] = column.categories;
  }
  return json;
}

TableColumn column_from_json(const Json& json) {
  TableColumn column;
  json.at("name").get_to(column.name);
  json.at("position").get_to(column.position);
  json.at("missing").get_to(column.missing);
  if (json.at("kind") == "numeric") {
    json.at("mean").get_to(column.mean);
  } else if (json.at("kind") == "text") {
    column.kind = TableColumn::Kind::text;
  } else {
    column.kind = TableColumn::Kind::categorical;
    json.at("categories").get_to(column.categories);
  }
  return column;
}

}  // namespace

Json to_json(const TableSchema& schema) {
  Json columns = Json::array();
  for (const TableColumn& column : schema.columns) columns.push_back(to_json(column));
  return {{"columns", columns},
          {"target", schema.target},
          {"target_position", schema.target_position},
          {"target_suffix", schema.target_suffix},
          {"class_names", schema.class_names},
          {"file_names", schema.file_names},
          {"header", schema.header},
          {"separator", schema.separator},
          {"comment", schema.comment ? std::string(1, schema.comment) : ""}};
}

TableSchema table_schema_from_json(const Json& json) {
  TableSchema schema;
  for (const Json& column : json.at("columns")) schema.columns.push_back(column_from_json(column));
  json.at("target").get_to(schema.target);
  json.at("target_position").get_to(schema.target_position);
  json.at("target_suffix").get_to(schema.target_suffix);
  json.at("class_names").get_to(schema.class_names);
  json.at("file_names").get_to(schema.file_names);
  json.at("header").get_to(schema.header);
  json.at("separator").get_to(schema.separator);
  const std::string comment = json.at("comment");
  schema.comment = comment.empty() ? '\0' : comment[0];
  return schema;
}

}  // namespace moestro
