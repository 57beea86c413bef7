#include "moestro/data/tokenizer.h"

#include <gtest/gtest.h>

#include "data/files_fixture.h"
#include "moestro/core/error.h"

namespace moestro::testing {
namespace {

const Strings kTexts = {"the cat sat on the mat", "the dog sat on the log", "a cat and a dog"};

class TokenizerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_tokenizer()) GTEST_SKIP() << "built without sentencepiece";
  }
};

TEST_F(TokenizerTest, what_was_encoded_is_decoded_to_the_same_text) {
  const auto tokenizer = Tokenizer::train(kTexts, 30);
  EXPECT_EQ(tokenizer->vocabulary(), 30);
  const Ints ids = tokenizer->encode("the mat and the log");
  EXPECT_EQ(tokenizer->decode(ids), "the mat and the log");
  for (const int64_t id : ids) EXPECT_TRUE(id > Tokenizer::kEnd && id < 30) << id;
}

TEST_F(TokenizerTest, begin_and_end_say_nothing) {
  const auto tokenizer = Tokenizer::train(kTexts, 30);
  Ints ids = tokenizer->encode("a cat");
  ids.insert(ids.begin(), Tokenizer::kBegin);
  ids.push_back(Tokenizer::kEnd);
  EXPECT_EQ(tokenizer->decode(ids), "a cat");
}

TEST_F(TokenizerTest, a_character_of_no_training_text_is_unknown) {
  const auto tokenizer = Tokenizer::train(kTexts, 30);
  EXPECT_EQ(tokenizer->encode("Z").back(), Tokenizer::kUnknown);
  EXPECT_TRUE(tokenizer->encode("").empty());
}

TEST_F(TokenizerTest, the_character_that_sentencepiece_keeps_for_itself_is_a_blank) {
  const std::string block = "\xe2\x96\x85";
  const Strings with = {"the cat sat on" + block + "the mat", block + "the dog sat on the log",
                        "a cat and" + block + block + "a dog" + block};
  const auto tokenizer = Tokenizer::train(with, 30);
  for (int64_t id = 0; id < 30; ++id)
    EXPECT_EQ(tokenizer->piece(id), Tokenizer::train(kTexts, 30)->piece(id));
  EXPECT_EQ(tokenizer->encode("a" + block + "cat"), tokenizer->encode("a cat"));
  EXPECT_TRUE(tokenizer->encode(block).empty());
}

TEST_F(TokenizerTest, the_same_texts_give_the_same_pieces) {
  EXPECT_EQ(Tokenizer::train(kTexts, 30)->model(), Tokenizer::train(kTexts, 30)->model());
}

TEST_F(TokenizerTest, its_model_is_loaded_again) {
  const TemporaryFolder folder;
  const auto tokenizer = Tokenizer::train(kTexts, 30);
  put(folder / "tokenizer.model", tokenizer->model());
  const auto loaded = Tokenizer::load(folder / "tokenizer.model");
  EXPECT_EQ(loaded->model(), tokenizer->model());
  EXPECT_EQ(loaded->encode("a dog sat"), tokenizer->encode("a dog sat"));
  EXPECT_EQ(loaded->piece(5), tokenizer->piece(5));
}

TEST_F(TokenizerTest, very_short_and_very_long_texts_are_trained_on) {
  EXPECT_EQ(Tokenizer::train({"a b", "b a"}, 6)->vocabulary(), 6);
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "ab ";
  EXPECT_EQ(Tokenizer::train({text, "c"}, 9)->encode("ab").size(), 1u);
}

TEST_F(TokenizerTest, too_few_texts_for_so_many_pieces_are_refused) {
  EXPECT_TRUE(says(thrown<UserError>([] { Tokenizer::train(kTexts, 5000); }),
                   {"data.vocabulary = 5000; expected at most 51"}));
  EXPECT_TRUE(says(thrown<UserError>([] { Tokenizer::train(kTexts, 6); }),
                   {"data.vocabulary = 6; expected at least 16: every character"}));
}

TEST_F(TokenizerTest, what_is_no_model_is_refused) {
  const TemporaryFolder folder;
  put(folder / "none.model", "no model at all");
  put(folder / "empty.model", "");
  for (const char* name : {"none.model", "empty.model"})
    EXPECT_TRUE(says(thrown<UserError>([&] { Tokenizer::load(folder / name); }),
                     {name, "not a model of sentencepiece"}));
  const std::string model = Tokenizer::train(kTexts, 30)->model();
  put(folder / "cut.model", model.substr(0, model.size() / 2));
  EXPECT_TRUE(says(thrown<UserError>([&] { Tokenizer::load(folder / "cut.model"); }),
                   {"not a model of sentencepiece"}));
  EXPECT_TRUE(
      says(thrown<UserError>([&] { Tokenizer::load(folder / "gone.model"); }), {"no such file"}));
}

TEST(TokenizerMissing, a_build_without_sentencepiece_says_what_to_install) {
  if (has_tokenizer()) GTEST_SKIP() << "built with sentencepiece";
  EXPECT_TRUE(
      says(thrown<UserError>([] { Tokenizer::train(kTexts, 30); }), {"libsentencepiece-dev"}));
}

}  // namespace
}  // namespace moestro::testing
