// Sections whose keys are names that the writer of a file gives, such as labels: found first, so
// that a Schema that has them as fields can read the file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace moestro {

// In the order of the file. None where there is no such file or section, and where the file is no
// TOML: Schema::parse_file says what is wrong. Throws UserError for a key that is a table, which is
// what a name with dots becomes without quotes.
std::vector<std::string> section_keys(const std::filesystem::path& path,
                                      const std::string& section);

}  // namespace moestro
