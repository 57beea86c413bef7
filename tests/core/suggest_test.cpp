#include "moestro/core/suggest.h"

#include <gtest/gtest.h>

namespace moestro {
namespace {

TEST(Suggestion, names_the_nearest_word) {
  EXPECT_EQ(suggestion("expert.cuont", {"data.batch", "expert.count", "expert.layers"}),
            "; did you mean \"expert.count\"?");
}

TEST(Suggestion, counts_every_kind_of_slip_as_one) {
  for (const char* slip : {"swtch", "swiitch", "swatch", "siwtch"})
    EXPECT_EQ(suggestion(slip, {"softmax", "switch"}), "; did you mean \"switch\"?") << slip;
}

TEST(Suggestion, prefers_the_nearer_of_two) {
  EXPECT_EQ(suggestion("gate.kinds", {"gate.kin", "gate.kind"}), "; did you mean \"gate.kind\"?");
}

TEST(Suggestion, is_silent_when_more_than_a_third_would_change) {
  EXPECT_EQ(suggestion("abxxef", {"abcdef"}), "; did you mean \"abcdef\"?");
  EXPECT_EQ(suggestion("axxxef", {"abcdef"}), "");
  EXPECT_EQ(suggestion("zebra", {"softmax", "switch"}), "");
}

TEST(Suggestion, forgives_one_slip_in_a_short_word) {
  EXPECT_EQ(suggestion("cp", {"cpu"}), "; did you mean \"cpu\"?");
  EXPECT_EQ(suggestion("kk", {"k"}), "; did you mean \"k\"?");
  EXPECT_EQ(suggestion("abc", {"xyz"}), "");
}

TEST(Suggestion, is_silent_without_known_words) {
  EXPECT_EQ(suggestion("anything", {}), "");
  EXPECT_EQ(suggestion("", {"softmax"}), "");
}

TEST(Joined, puts_the_separator_between_words_only) {
  EXPECT_EQ(joined({}), "");
  EXPECT_EQ(joined({"a"}), "a");
  EXPECT_EQ(joined({"a", "b", "c"}), "a, b, c");
  EXPECT_EQ(joined({"a", "b"}, " or "), "a or b");
}

}  // namespace
}  // namespace moestro
