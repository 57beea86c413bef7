#include "moestro/data/token_ids.h"

#include <limits>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/store/safetensors.h"
#include "store/expect_error.h"
#include "store/temporary_folder.h"

namespace moestro {
namespace {

using testing::contains;
using testing::message_of;
using testing::TemporaryFolder;

Tensor whole(std::vector<int64_t> numbers) {
  return at::tensor(numbers, at::kLong);
}

std::string refusal(const NamedTensors& tensors, int64_t vocabulary = 10, int64_t longest = 4) {
  const TemporaryFolder folder;
  write_safetensors(folder / "ids.safetensors", tensors);
  return message_of<UserError>(
      [&] { read_token_ids(folder / "ids.safetensors", vocabulary, longest); });
}

TokenIds three_texts() {
  return {whole({5, 6, 7, 8, 9, 4}), whole({0, 2, 3, 6})};
}

TEST(TokenIds, are_read_as_they_were_written) {
  const TemporaryFolder folder;
  write_safetensors(folder / "ids.safetensors",
                    {{"ids", whole({5, 6, 7}).to(at::kInt)}, {"offsets", whole({0, 1, 3})}});
  const TokenIds texts = read_token_ids(folder / "ids.safetensors", 8, 2);
  EXPECT_EQ(texts.texts(), 2);
  EXPECT_TRUE(at::equal(texts.ids_M, whole({5, 6, 7})));
  EXPECT_TRUE(at::equal(texts.lengths_N(), whole({1, 2})));
}

TEST(TokenIds, selected_texts_stand_one_behind_the_other) {
  const TokenBatch batch = select_texts(three_texts(), whole({2, 0, 2}));
  EXPECT_TRUE(at::equal(batch.ids_N, whole({8, 9, 4, 5, 6, 8, 9, 4})));
  EXPECT_TRUE(at::equal(batch.lengths_B, whole({3, 2, 3})));
}

TEST(TokenIds, batches_hold_every_text_once_and_no_more_tokens_than_allowed) {
  const Tensor lengths = whole({3, 9, 1, 12, 5, 9, 2, 2, 30});
  std::vector<int64_t> seen;
  for (const Tensor& batch : batches_by_length(lengths, 20)) {
    const Tensor own = lengths.index_select(0, batch);
    const int64_t padded = own.max().item<int64_t>() * own.size(0);
    EXPECT_TRUE(padded <= 20 || own.size(0) == 1) << padded;
    for (int64_t i = 0; i < batch.size(0); ++i) seen.push_back(batch[i].item<int64_t>());
  }
  std::ranges::sort(seen);
  EXPECT_EQ(seen, (std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(TokenIds, say_what_does_not_fit) {
  const Tensor ids = whole({5, 6, 7}), offsets = whole({0, 1, 3});
  EXPECT_TRUE(contains(refusal({{"ids", ids}}), "no tensor \"offsets\""));
  EXPECT_TRUE(contains(refusal({{"ids", ids.to(at::kFloat)}, {"offsets", offsets}}),
                       "expected a list of whole numbers"));
  for (const Tensor& wrong : {whole({0, 1, 4}), whole({1, 3}), whole({0, 2, 1, 3}), whole({0}),
                              whole({0, std::numeric_limits<int64_t>::max(), -2, 3})})
    EXPECT_TRUE(contains(refusal({{"ids", ids}, {"offsets", wrong}}),
                         "expected rising numbers from 0 to 3"));
  EXPECT_TRUE(contains(refusal({{"ids", ids}, {"offsets", whole({0, 1, 1, 3})}}),
                       "text 1 (counted from 0) has no tokens"));
  EXPECT_TRUE(
      contains(refusal({{"ids", ids}, {"offsets", offsets}}, 7),
               "id 7 in text 1 (counted from 0); expected 0 to 6, the vocabulary of this model"));
  EXPECT_TRUE(contains(refusal({{"ids", whole({5, -6, 7})}, {"offsets", offsets}}), "id -6"));
  EXPECT_TRUE(contains(refusal({{"ids", ids}, {"offsets", offsets}}, 10, 1),
                       "text 1 (counted from 0) has 2 tokens; expected at most 1"));
}

}  // namespace
}  // namespace moestro
