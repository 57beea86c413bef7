#include "moestro/core/text.h"

#include <cstdint>

#include "moestro/core/utf8.h"

namespace moestro {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

namespace {

// Of what two bytes can say, U+0080 to U+07FF.
uint32_t lower_case(uint32_t letter) {
  const auto within = [letter](uint32_t low, uint32_t high) {
    return letter >= low && letter <= high;
  };
  const bool latin = within(0xc0, 0xde) && letter != 0xd7,
             greek = within(0x391, 0x3ab) && letter != 0x3a2;
  if (latin || greek || within(0x410, 0x42f)) return letter + 0x20;
  if (within(0x400, 0x40f)) return letter + 0x50;
  if (letter == 0x178) return 0xff;
  // Greek vowels with an accent.
  if (letter == 0x386) return 0x3ac;
  if (within(0x388, 0x38a)) return letter + 0x25;
  if (letter == 0x38c) return 0x3cc;
  if (within(0x38e, 0x38f)) return letter + 0x3f;
  if (letter == 0x4c0) return 0x4cf;
  // Large and small ones in turns.
  const bool even_is_large = within(0x100, 0x12f) || within(0x132, 0x137) || within(0x14a, 0x177) ||
                             within(0x460, 0x481) || within(0x48a, 0x4bf) || within(0x4d0, 0x52f);
  const bool odd_is_large = within(0x139, 0x148) || within(0x179, 0x17e) || within(0x4c1, 0x4ce);
  return (even_is_large && letter % 2 == 0) || (odd_is_large && letter % 2 == 1) ? letter + 1
                                                                                 : letter;
}

}  // namespace

std::string lower_case(const std::string& text) {
  std::string lower;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool pair = (byte & 0xe0) == 0xc0 && i + 1 < text.size() && is_continuation(text[i + 1]);
    if (!pair) {
      lower += byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : text[i];
      continue;
    }
    const uint32_t letter =
        lower_case((byte & 0x1fu) << 6 | (static_cast<unsigned char>(text[++i]) & 0x3fu));
    lower += static_cast<char>(0xc0 | letter >> 6);
    lower += static_cast<char>(0x80 | (letter & 0x3f));
  }
  return lower;
}

}  // namespace moestro
