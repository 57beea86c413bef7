#include "moestro/core/utf8.h"

#include <gtest/gtest.h>

namespace moestro {
namespace {

TEST(Utf8, every_character_is_read_as_it_was_written) {
  for (char32_t code = 0; code <= 0x10ffff; ++code) {
    if (code == 0xd800) code = 0xe000;  // surrogates are no characters
    std::string text;
    append_utf8(text, code);
    const Utf8Character found = first_character(text + "x");
    ASSERT_EQ(found.code, code);
    ASSERT_EQ(found.size, text.size());
  }
  EXPECT_EQ(first_character("\xf0\x9f\x98\x80").code, U'\U0001f600');
  EXPECT_EQ(first_character("ß").code, U'\u00df');
}

TEST(Utf8, other_bytes_are_no_character) {
  for (const char* text :
       {"", "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3 ", "\xe0\x9f\xbf", "\xe2\x82",
        "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x9f\x98", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xff"})
    EXPECT_EQ(first_character(text).size, 0u) << text;
}

}  // namespace
}  // namespace moestro
