#include "moestro/core/text.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace moestro
