// Characters as UTF-8 (The Unicode Standard, table 3-7).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace moestro {

struct Utf8Character {
  char32_t code = 0;
  size_t size = 0;  // bytes; 0: what stands there is no UTF-8
};

// The character that a text begins with; size 0 of an empty text, too.
Utf8Character first_character(std::string_view text);

// No surrogate, and at most U+10FFFF.
void append_utf8(std::string& text, char32_t code);

// Whether the byte is one within a character.
inline bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

}  // namespace moestro
