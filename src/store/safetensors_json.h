// The JSON of a safetensors header: its structure, not yet what the numbers mean.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "moestro/core/error.h"
#include "moestro/store/safetensors_header.h"

namespace moestro {

// Offsets as written in the header: relative to the data. Throws UserError for anything but an
// object of entries {"dtype": text, "shape": [integers], "data_offsets": [integer, integer]} under
// distinct names, and texts under "__metadata__".
SafetensorsHeader parse_safetensors_json(std::string_view text, const std::string& where);

// A text of the file for a one-line message: in quotes, shortened, control characters replaced.
std::string in_quotes(std::string_view text);

template <typename... Args>
[[noreturn]] void refuse_safetensors(const std::string& where, fmt::format_string<Args...> format,
                                     Args&&... args) {
  throw UserError("{}: not a readable safetensors file: {}", where,
                  fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace moestro
