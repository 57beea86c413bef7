#include "moestro/store/json_file.h"

#include <nlohmann/json.hpp>

#include "moestro/core/error.h"
#include "moestro/store/atomic_file.h"
#include "moestro/store/file.h"

namespace moestro {

namespace {

// Text from elsewhere (a path, a label of the data) may be no UTF-8: replaced, not fatal.
template <typename Json>
std::string text_of(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

template <typename Json>
Json parsed(const std::filesystem::path& path) {
  try {
    return Json::parse(read_file(path));
  } catch (const nlohmann::json::parse_error& error) {
    throw UserError("{}: not valid JSON at byte {}", path.string(), error.byte);
  } catch (const nlohmann::json::out_of_range&) {
    throw UserError("{}: not valid JSON: a number out of range", path.string());
  }
}

}  // namespace

nlohmann::json read_json_file(const std::filesystem::path& path) {
  return parsed<nlohmann::json>(path);
}

nlohmann::ordered_json read_ordered_json_file(const std::filesystem::path& path) {
  return parsed<nlohmann::ordered_json>(path);
}

void write_json_file(const std::filesystem::path& path, const nlohmann::json& value) {
  write_atomically(path, text_of(value));
}

void write_json_file(const std::filesystem::path& path, const nlohmann::ordered_json& value) {
  write_atomically(path, text_of(value));
}

}  // namespace moestro
