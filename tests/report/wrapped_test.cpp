#include "moestro/report/wrapped.h"

#include <gtest/gtest.h>

namespace moestro {
namespace {

TEST(Wrapped, fills_lines_of_eighty_columns_and_breaks_between_words) {
  const std::string word(39, 'a');
  EXPECT_EQ(wrapped(word + " " + word + "a"), word + " " + word + "a\n");
  EXPECT_EQ(wrapped(word + " " + word + "aa"), word + "\n" + word + "aa\n");
}

TEST(Wrapped, counts_columns_rather_than_bytes) {
  std::string word;
  for (int i = 0; i < 39; ++i) word += "ä";
  EXPECT_EQ(wrapped(word + " " + word + "b"), word + " " + word + "b\n");
}

TEST(Wrapped, leaves_a_longer_word_whole) {
  const std::string word(100, 'a');
  EXPECT_EQ(wrapped("b " + word), "b\n" + word + "\n");
}

}  // namespace
}  // namespace moestro
