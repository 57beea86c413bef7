#include "schema_value.h"

#include <algorithm>

#include "moestro/core/error.h"

namespace moestro {
namespace {

Field::Value array_value(const toml::array& array, const Field& field, const std::string& where) {
  std::vector<std::string> texts;
  std::vector<double> numbers;
  for (const toml::node& node : array) {
    if (const auto text = node.value_exact<std::string>())
      texts.push_back(*text);
    else if (const auto number = node.value<double>(); number && !node.is_boolean())
      numbers.push_back(*number);
    else
      throw UserError("{}: {} holds something that is neither text nor number; expected {}", where,
                      field.key(), field.expected());
  }
  if (!texts.empty() && !numbers.empty())
    throw UserError("{}: {} mixes texts and numbers; expected {}", where, field.key(),
                    field.expected());
  if (!numbers.empty()) return numbers;
  return texts;
}

// In the order of the file, which the parser's table does not keep.
NamedLists table_value(const toml::table& table, const Field& field, const std::string& where) {
  std::vector<std::pair<std::string, const toml::node*>> entries;
  for (const auto& [name, node] : table) entries.emplace_back(name.str(), &node);
  std::ranges::stable_sort(entries, {}, [](const auto& entry) {
    const toml::source_position at = entry.second->source().begin;
    return std::pair(at.line, at.column);
  });
  NamedLists lists;
  for (const auto& [name, node] : entries) {
    const toml::array* array = node->as_array();
    const Field::Value value = array ? array_value(*array, field, where) : Field::Value(false);
    const auto* texts = std::get_if<std::vector<std::string>>(&value);
    if (!texts)
      throw UserError("{}: {}.{} is no list of texts; expected one, as in [\"a\", \"b\"]", where,
                      field.key(), name);
    lists.emplace_back(name, *texts);
  }
  return lists;
}

}  // namespace

Field::Value node_value(const toml::node& node, const Field& field, const std::string& where) {
  if (const auto v = node.value_exact<bool>()) return *v;
  if (const auto v = node.value_exact<int64_t>()) return *v;
  if (const auto v = node.value_exact<double>()) return *v;
  if (const auto v = node.value_exact<std::string>()) return *v;
  if (const toml::array* array = node.as_array()) return array_value(*array, field, where);
  if (const toml::table* table = node.as_table(); table && field.holds_table())
    return table_value(*table, field, where);
  throw UserError("{}: {} is a {}; expected {}", where, field.key(),
                  node.is_table() ? "table" : "date or time", field.expected());
}

}  // namespace moestro
