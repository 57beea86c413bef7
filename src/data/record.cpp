#include "moestro/data/record.h"

#include <nlohmann/json.hpp>

#include "moestro/core/error.h"

namespace moestro {

nlohmann::json DataRecord::to_json() const {
  nlohmann::json json = {{"name", name},
                         {"sample_shape", sample_shape},
                         {"classes", classes},
                         {"class_names", class_names},
                         {"inputs_name", inputs_name},
                         {"target_name", target_name},
                         {"normaliser", normaliser.to_json()}};
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
    if (json.contains("table")) record.table = table_schema_from_json(json.at("table"));
    if (json.contains("text")) record.text = text_record_from_json(json.at("text"));
    return record;
  } catch (const nlohmann::json::exception& error) {
    throw UserError("{}: not a data record of a run: {}", where, error.what());
  }
}

}  // namespace moestro
