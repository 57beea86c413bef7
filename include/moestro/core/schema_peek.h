// What a TOML file says before it is known which keys it may have. Of a file that cannot be read:
// nothing; whoever parses it (core/schema.h) says why.
#pragma once

#include <filesystem>
#include <string>

namespace moestro {

bool has_section(const std::filesystem::path& file, const std::string& section);

// The text of "section.key"; "" where there is none, and for what is no text.
std::string text_at(const std::filesystem::path& file, const std::string& key);

}  // namespace moestro
