#include "moestro/core/schema_peek.h"

#include <toml++/toml.h>

namespace moestro {
namespace {

toml::table table_of(const std::filesystem::path& file) {
  std::error_code none;
  if (!std::filesystem::is_regular_file(file, none)) return {};
  try {
    return toml::parse_file(file.string());
  } catch (const toml::parse_error&) {  // also where it may not be read
    return {};
  }
}

}  // namespace

bool has_section(const std::filesystem::path& file, const std::string& section) {
  return table_of(file).contains(section);
}

std::string text_at(const std::filesystem::path& file, const std::string& key) {
  const toml::table table = table_of(file);
  return table.at_path(key).value_exact<std::string>().value_or("");
}

}  // namespace moestro
