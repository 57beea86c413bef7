#include "moestro/core/schema_keys.h"

#include <algorithm>
#include <utility>

#include <toml++/toml.h>

#include "moestro/core/error.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

toml::table parsed_or_empty(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return {};
  try {
    return toml::parse_file(path.string());
  } catch (const toml::parse_error&) {
    return {};
  }
}

}  // namespace

std::vector<std::string> section_keys(const fs::path& path, const std::string& section) {
  const toml::table root = parsed_or_empty(path);
  const toml::table* table = root[section].as_table();
  if (!table) return {};
  std::vector<std::pair<toml::source_position, std::string>> places;
  for (const auto& [key, node] : *table) {
    const toml::source_position at = node.source().begin;
    if (node.is_table())
      throw UserError("{}:{}: {}.{} is a table; expected a value (a name with dots needs quotes)",
                      path.string(), at.line, section, key.str());
    places.emplace_back(at, key.str());
  }
  std::ranges::sort(places, [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> keys;
  for (auto& [at, key] : places) keys.push_back(std::move(key));
  return keys;
}

}  // namespace moestro
