#include "moestro/core/text.h"

#include <fstream>

#include <gtest/gtest.h>

#include "test_paths.h"

namespace moestro {
namespace {

TEST(Text, replaces_every_occurrence_and_nothing_that_it_brings) {
  const auto replaced = [](std::string text, std::string_view from, std::string_view to) {
    replace_all(text, from, to);
    return text;
  };
  EXPECT_EQ(replaced("a&b&c", "&", "&amp;"), "a&amp;b&amp;c");
  EXPECT_EQ(replaced("aaaa", "aa", "a"), "aa");
  EXPECT_EQ(replaced("none", "x", "y"), "none");
}

TEST(Text, small_letters_are_those_of_python) {
  // tests/reference/lower_case.py
  std::ifstream file(std::string(testing::kSourceDir) + "/tests/reference/lower_case.txt");
  std::string large, small, same;
  ASSERT_TRUE(std::getline(file, large) && std::getline(file, small) && std::getline(file, same));
  EXPECT_EQ(lower_case(large), small);
  EXPECT_EQ(lower_case(small), small);
  EXPECT_EQ(lower_case(same), same);
  EXPECT_EQ(lower_case("Ein MANN Läuft, ÄÖÜ ß 1.A"), "ein mann läuft, äöü ß 1.a");
}

TEST(Text, letters_of_other_scripts_and_bytes_that_are_none_stay) {
  for (const std::string text : {"日本語 Ａ", "ẞ", "İ", "\xf0\x9f\x98\x80", "Ա", "\xc3",
                                 "\xc3"
                                 "a",
                                 "\xc3\xc3", "\xff\xfe", "\xe2\x82", ""})
    EXPECT_EQ(lower_case(text), text);
  EXPECT_EQ(lower_case("A\xc3"), "a\xc3");
  EXPECT_EQ(lower_case("\xc3"
                       "B\xc3\x84"),
            "\xc3"
            "b\xc3\xa4");
}

}  // namespace
}  // namespace moestro
