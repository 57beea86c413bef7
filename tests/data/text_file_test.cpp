#include "moestro/data/text_file.h"

#include <gtest/gtest.h>

#include "data/files_fixture.h"
#include "moestro/core/error.h"

namespace moestro::testing {
namespace {

class TextFile : public ::testing::Test {
 protected:
  Strings lines(const std::string& bytes, const std::string& encoding = "utf-8") {
    put(folder_ / "texts.txt", bytes);
    return read_lines(folder_ / "texts.txt", encoding);
  }

  std::string error_of(const std::string& bytes, const std::string& encoding = "utf-8") {
    return thrown<UserError>([&] { lines(bytes, encoding); });
  }

  TemporaryFolder folder_;
};

TEST_F(TextFile, line_ends_and_a_byte_order_mark_are_no_text) {
  EXPECT_EQ(lines("\xef\xbb\xbfone\r\n\ntwo\n"), (Strings{"one", "", "two"}));
  EXPECT_EQ(lines("one\ntwo"), (Strings{"one", "two"}));
  EXPECT_TRUE(lines("").empty());
}

TEST_F(TextFile, gzip_is_unpacked) {
  EXPECT_EQ(lines(gzipped("one\ntwo\n")), (Strings{"one", "two"}));
}

TEST_F(TextFile, latin_1_becomes_utf_8) {
  EXPECT_EQ(lines("caf\xe9\n", "latin-1"), (Strings{"café"}));
}

TEST_F(TextFile, characters_of_every_length_are_utf_8) {
  EXPECT_EQ(lines("é€😀\n"), (Strings{"é€😀"}));
}

TEST_F(TextFile, bytes_that_are_no_utf_8_are_refused_with_their_line) {
  EXPECT_TRUE(says(error_of("one\ncaf\xe9 x\n"),
                   {"texts.txt:2: byte 4 is no UTF-8", "data.encoding = \"latin-1\""}));
  // Cut short, overlong, a surrogate, beyond the last character, a byte that only continues.
  for (const char* bytes : {"\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\x80",
                            "\xe2\x82", "\xf0\x8f\xbf\xbf", "\xe0\x9f\xbf"})
    EXPECT_TRUE(says(error_of(bytes), {"texts.txt:1: byte 1 is no UTF-8"}));
}

TEST_F(TextFile, a_nul_byte_is_refused_in_any_encoding) {
  const std::string bytes("ab\n\0c", 5);
  for (const char* encoding : {"utf-8", "latin-1"})
    EXPECT_TRUE(says(error_of(bytes, encoding), {"texts.txt:2: byte 1 is NUL"}));
}

}  // namespace
}  // namespace moestro::testing
