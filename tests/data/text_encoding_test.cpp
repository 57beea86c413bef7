#include "moestro/data/text_encoding.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "data/files_fixture.h"
#include "moestro/core/error.h"

namespace moestro::testing {
namespace {

class TextEncoding : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_tokenizer()) GTEST_SKIP() << "built without sentencepiece";
    tokenizer_ = Tokenizer::train({"a b c d e f", "a b c"}, 14);
  }

  Dataset encode(const TextRows& rows, int64_t longest = 20, bool leave_out = false) {
    return encode_texts(rows, *tokenizer_, longest, "training", leave_out);
  }

  std::string decoded(const Tensor& ids_T) {
    Ints ids;
    for (const int64_t id : list(ids_T.to(at::kLong)))
      if (id >= 0) ids.push_back(id);
    return tokenizer_->decode(ids);
  }

  std::shared_ptr<const Tokenizer> tokenizer_;
};

TextRows rows_of(const std::vector<Strings>& texts, const Strings& translations = {}) {
  TextRows rows;
  rows.name = "made up";
  rows.texts = texts;
  rows.translations = translations;
  rows.parallel = !translations.empty();
  return rows;
}

TEST_F(TextEncoding, a_text_stands_between_begin_and_end_with_nothing_behind) {
  const Dataset set = encode(rows_of({{"a b"}, {"a b c d"}}));
  ASSERT_TRUE(set.is_text());
  EXPECT_FALSE(set.is_translation());
  EXPECT_EQ(set.vocabulary, tokenizer_->vocabulary());
  const Ints lengths = list(set.lengths_N());
  EXPECT_EQ(set.inputs.size(1), lengths[1]);
  EXPECT_TRUE(set.inputs.select(1, 0).eq(Tokenizer::kBegin).all().item<bool>());
  for (const int64_t row : {0, 1})
    EXPECT_EQ(set.inputs[row][lengths[static_cast<size_t>(row)] - 1].item<int64_t>(),
              Tokenizer::kEnd);
  EXPECT_EQ(set.inputs[0][lengths[0]].item<int64_t>(), -1);
  EXPECT_EQ(decoded(set.inputs[0]), "a b");
  EXPECT_EQ(set.texts, (Strings{"a b", "a b c d"}));
}

TEST_F(TextEncoding, two_texts_are_parted_by_an_end) {
  const Dataset set = encode(rows_of({{"a b", "c d"}}));
  EXPECT_EQ(set.inputs.eq(Tokenizer::kEnd).sum().item<int64_t>(), 2);
  EXPECT_EQ(set.texts, (Strings{"a b | c d"}));
}

TEST_F(TextEncoding, an_empty_text_is_begin_and_end) {
  EXPECT_EQ(list(encode(rows_of({{""}})).inputs[0].to(at::kLong)),
            (Ints{Tokenizer::kBegin, Tokenizer::kEnd}));
}

TEST_F(TextEncoding, a_text_longer_than_the_longest_is_cut_and_keeps_its_end) {
  const Dataset set = encode(rows_of({{"a b c d e f a b c d e f"}, {"a"}}), 5);
  EXPECT_EQ(list(set.lengths_N())[0], 5);
  EXPECT_EQ(set.inputs[0][4].item<int64_t>(), Tokenizer::kEnd);
  EXPECT_EQ(set.texts[0], "a b c d e f a b c d e f") << "as it was read";
}

TEST_F(TextEncoding, of_two_texts_the_longer_is_cut_first) {
  const Dataset set = encode(rows_of({{"a", "b c d e f a b c d e f"}}), 6);
  EXPECT_EQ(list(set.lengths_N())[0], 6);
  EXPECT_EQ(decoded(set.inputs[0]).substr(0, 1), "a");
}

TEST_F(TextEncoding, long_pairs_are_left_out_of_training_and_cut_elsewhere) {
  const TextRows rows =
      rows_of({{"a"}, {"a b c d e f a b c d e f"}, {"b"}}, {"b", "c", "a b c d e f a b c d e f"});
  const Dataset training = encode(rows, 5, true), other = encode(rows, 5);
  ASSERT_TRUE(training.is_translation());
  EXPECT_EQ(training.texts, (Strings{"a"}));
  EXPECT_EQ(training.target_texts, (Strings{"b"}));
  EXPECT_EQ(other.rows(), 3);
  EXPECT_EQ(other.targets_N.size(1), 5);
  EXPECT_EQ(other.classes, 0);
}

TEST_F(TextEncoding, training_pairs_that_are_all_too_long_are_refused) {
  const TextRows rows = rows_of({{"a b c d e f a b c d e f"}}, {"a"});
  EXPECT_TRUE(says(thrown<UserError>([&] { encode(rows, 4, true); }),
                   {"every training pair has more than data.longest = 4 tokens"}));
}

}  // namespace
}  // namespace moestro::testing
