// JSON files of our own folders.
#pragma once

#include <filesystem>

#include <nlohmann/json_fwd.hpp>

namespace moestro {

// Throws UserError "PATH: not valid JSON at byte N", or as read_file().
nlohmann::json read_json_file(const std::filesystem::path& path);
// The same, keys in the order of the file.
nlohmann::ordered_json read_ordered_json_file(const std::filesystem::path& path);

// Indented, atomically. Numbers that are not finite become null. Throws SystemError.
// An ordered_json keeps the order of its keys.
void write_json_file(const std::filesystem::path& path, const nlohmann::json& value);
void write_json_file(const std::filesystem::path& path, const nlohmann::ordered_json& value);

}  // namespace moestro
