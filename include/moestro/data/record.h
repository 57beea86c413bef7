// What a run keeps of its data, so that other rows are read and normalised as the training rows
// were: categories, means, classes. Stored with the run as JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "moestro/core/tensor.h"
#include "moestro/data/class_choice.h"
#include "moestro/data/normaliser.h"
#include "moestro/data/table_schema.h"
#include "moestro/data/text_record.h"

namespace moestro {

struct DataRecord {
  std::string name;
  Shape sample_shape;  // texts: the most tokens of one, data.longest
  int64_t classes = 0;
  std::vector<std::string> class_names;
  std::optional<ClassChoice> choice;     // where these are some of the files' classes
  std::string inputs_name, target_name;  // tensors of safetensors files
  Normaliser normaliser;
  std::optional<TableSchema> table;
  std::optional<TextRecord> text;

  // Of the files: as many as `classes` but for a choice among them.
  const std::vector<std::string>& file_class_names() const;
  int64_t file_classes() const;

  nlohmann::json to_json() const;
  // Throws UserError "where: ..." for anything that to_json() does not write: also class names
  // that do not match the classes or their choice, columns outside their file, an unknown format.
  static DataRecord from_json(const nlohmann::json& json, const std::string& where);

  bool operator==(const DataRecord&) const = default;
};

// Throws UserError "where: ..." unless a network that was trained on one can read inputs of the
// other: the same shape, and of tables the same columns.
void check_same_inputs(const DataRecord& there, const DataRecord& here, const std::string& where);

}  // namespace moestro
