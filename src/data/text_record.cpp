#include "moestro/data/text_record.h"

#include <nlohmann/json.hpp>

namespace moestro {
namespace {

using Json = nlohmann::json;

Json to_json(const TextLayout& layout) {
  return {{"format", layout.format},
          {"encoding", layout.encoding},
          {"separator", layout.separator},
          {"header", layout.header},
          {"columns", layout.columns},
          {"one_text", layout.one_text},
          {"target", layout.target},
          {"task", layout.task},
          {"label_end", layout.label_end ? std::string(1, layout.label_end) : ""},
          {"may_be_empty", layout.may_be_empty},
          {"labels", layout.labels},
          {"languages", layout.languages}};
}

TextLayout layout_from_json(const Json& json) {
  TextLayout layout;
  json.at("format").get_to(layout.format);
  json.at("encoding").get_to(layout.encoding);
  json.at("separator").get_to(layout.separator);
  json.at("header").get_to(layout.header);
  json.at("columns").get_to(layout.columns);
  json.at("one_text").get_to(layout.one_text);
  json.at("target").get_to(layout.target);
  json.at("task").get_to(layout.task);
  const std::string label_end = json.at("label_end");
  layout.label_end = label_end.empty() ? '\0' : label_end[0];
  json.at("may_be_empty").get_to(layout.may_be_empty);
  json.at("labels").get_to(layout.labels);
  json.at("languages").get_to(layout.languages);
  return layout;
}

}  // namespace

int64_t TextRecord::texts_a_row() const {
  if (layout.one_text || table.columns.empty()) return 1;
  return static_cast<int64_t>(table.columns.size());
}

Json to_json(const TextRecord& record) {
  return {{"layout", to_json(record.layout)},
          {"table", to_json(record.table)},
          {"longest", record.longest},
          {"vocabulary", record.vocabulary},
          {"tokenizer", record.tokenizer_digest}};
}

TextRecord text_record_from_json(const Json& json) {
  TextRecord record;
  record.layout = layout_from_json(json.at("layout"));
  record.table = table_schema_from_json(json.at("table"));
  json.at("longest").get_to(record.longest);
  json.at("vocabulary").get_to(record.vocabulary);
  if (json.contains("tokenizer")) json.at("tokenizer").get_to(record.tokenizer_digest);
  return record;
}

}  // namespace moestro
