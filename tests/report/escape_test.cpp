#include "moestro/report/escape.h"

#include <gtest/gtest.h>

namespace moestro {
namespace {

TEST(EscapeHtml, takes_the_meaning_from_every_special_character) {
  EXPECT_EQ(escape_html("<a href=\"x\">'&'</a>"),
            "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
}

TEST(EscapeHtml, keeps_text_of_other_scripts_and_line_breaks) {
  EXPECT_EQ(escape_html("čeština 数字 🙂\n\t"), "čeština 数字 🙂\n\t");
}

TEST(EscapeHtml, replaces_what_xml_forbids) {
  EXPECT_EQ(escape_html(std::string("a\0b", 3)), "a\uFFFDb");
  EXPECT_EQ(escape_html("\x1b[31m"), "\uFFFD[31m");
  EXPECT_EQ(escape_html("\xEF\xBF\xBF"), "\uFFFD");  // U+FFFF
}

TEST(EscapeHtml, replaces_bytes_that_are_no_utf8) {
  EXPECT_EQ(escape_html("a\xFFz"), "a\uFFFDz");
  EXPECT_EQ(escape_html("\xE2\x82"), "\uFFFD\uFFFD");                      // cut short
  EXPECT_EQ(escape_html("\xC0\xBC"), "\uFFFD\uFFFD");                      // "<", overlong
  EXPECT_EQ(escape_html("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");            // a surrogate
  EXPECT_EQ(escape_html("\xF5\x80\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");  // beyond U+10FFFF
}

TEST(Printable, lets_no_escape_sequence_reach_the_terminal) {
  EXPECT_EQ(printable("\x1b[2Jx\n\x7f\xC2\x9Bm"), "\uFFFD[2Jx\uFFFD\uFFFD\uFFFDm");
  EXPECT_EQ(printable("T-shirt/top"), "T-shirt/top");
}

TEST(UrlPart, leaves_no_character_with_a_meaning) {
  EXPECT_EQ(url_part("my run#1?/ü"), "my%20run%231%3F%2F%C3%BC");
  EXPECT_EQ(url_part("a-b_c.d~9"), "a-b_c.d~9");
}

TEST(DisplayWidth, counts_characters_not_bytes) {
  EXPECT_EQ(display_width("abc"), 3);
  EXPECT_EQ(display_width("čš–"), 3);
  EXPECT_EQ(display_width(""), 0);
}

}  // namespace
}  // namespace moestro
