#include "moestro/nn/sentences.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace moestro {
namespace {

const Tensor kIds_BT =
    at::tensor({1, 5, 2, -1, -1, 1, 2, -1, -1, -1, 1, 6, 7, 2, -1}, at::kInt).view({3, 5});

TEST(Sentences, leave_the_padding_out) {
  const Sentences sentences = pack_sentences(kIds_BT);
  EXPECT_TRUE(at::equal(sentences.ids_N, at::tensor({1, 5, 2, 1, 2, 1, 6, 7, 2}, at::kLong)));
  EXPECT_EQ(sentences.rows.sentences(), 3);
  EXPECT_EQ(sentences.rows.longest(), 4);  // a column that no sentence reaches is not one
  EXPECT_TRUE(
      at::equal(sentences.rows.sentence_N(), at::tensor({0, 0, 0, 1, 1, 2, 2, 2, 2}, at::kLong)));
}

TEST(Sentences, of_one_length_are_all_of_the_batch) {
  const Tensor ids_BT = kIds_BT.narrow(1, 0, 2);
  const Sentences sentences = pack_sentences(ids_BT);
  EXPECT_TRUE(sentences.rows.full());
  EXPECT_TRUE(at::equal(sentences.ids_N, ids_BT.flatten().to(at::kLong)));
}

}  // namespace
}  // namespace moestro
