#include "moestro/data/answers.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "data/files_fixture.h"

namespace moestro::testing {
namespace {

Tensor sentences() {
  return at::tensor({1, 7, 2, -1, 1, 8, 9, 2}, at::kInt).view({2, 4});
}

TEST(Answers, classes_and_values_are_answers_as_they_are) {
  const Tensor classes = at::tensor({2, 0, 1}, at::kLong), values = at::tensor({.5f, 1.f});
  EXPECT_TRUE(at::equal(answers(classes), classes));
  EXPECT_TRUE(at::equal(answers(values), values));
}

TEST(Answers, of_sentences_are_the_tokens_behind_the_first_sentence_by_sentence) {
  const Tensor said = answers(sentences());
  EXPECT_EQ(said.scalar_type(), at::kLong);
  EXPECT_EQ(list(said), (Ints{7, 2, 8, 9, 2}));
}

TEST(Answers, a_decoder_is_fed_all_but_the_last_token_of_each_sentence) {
  const Tensor fed = without_last(sentences());
  EXPECT_TRUE(at::equal(fed, at::tensor({1, 7, -1, 1, 8, 9}, at::kInt).view({2, 3})));
  EXPECT_EQ(lengths(fed).sum().item<int64_t>(), answers(sentences()).numel());
}

TEST(Answers, lengths_count_the_tokens_before_the_end) {
  EXPECT_EQ(list(lengths(sentences())), (Ints{3, 4}));
}

}  // namespace
}  // namespace moestro::testing
