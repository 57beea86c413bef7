#include "moestro/train/encoder_inputs.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tiny_adapted.h"
#include "tiny_images.h"

namespace moestro {
namespace {

using namespace testing;

TokenIds token_ids() {
  return read_token_ids(tiny_bert() / "ids.safetensors", 40, 12);
}

// Every sample once, whatever the limit.
void expect_all_once(const EncoderInputs& samples) {
  for (const int64_t rows : {1, 7, 1000}) {
    std::vector<Tensor> batches = samples.batches(rows);
    const Tensor all = std::get<0>(at::cat(batches).sort());
    EXPECT_TRUE(all.equal(at::arange(samples.count(), at::kLong))) << rows;
  }
}

TEST(EncoderInputs, of_texts_are_packed_ids) {
  const TextInputs all(token_ids());
  const Tensor some = at::tensor({4, 0, 2}, at::kLong);
  const Texts expected = texts({4, 0, 2});
  const EncoderBatch batch = all.batch(some, at::kCPU);
  EXPECT_TRUE(batch.inputs.equal(expected.ids_N));
  EXPECT_EQ(batch.rows.rows(), expected.rows.rows());
  expect_all_once(all);
}

TEST(EncoderInputs, of_images_are_pixels_and_rows_of_one_length) {
  const ImageInputs all(tiny_pixels(6), 5);
  const EncoderBatch batch = all.batch(at::tensor({4, 1}, at::kLong), at::kCPU);
  EXPECT_TRUE(batch.inputs[0].equal(tiny_pixels(6)[4]));
  EXPECT_EQ(batch.inputs.scalar_type(), at::kByte);
  EXPECT_EQ(batch.rows.sentences(), 2);
  EXPECT_EQ(batch.rows.rows(), 10);
  EXPECT_EQ(all.batches(12).front().size(0), 2);
  expect_all_once(all);
}

TEST(EncoderInputs, some_of_them_are_the_same_samples) {
  const Tensor some = at::tensor({3, 1}, at::kLong), last = at::tensor({1}, at::kLong);
  const TextInputs sentences(token_ids());
  const ImageInputs images(tiny_pixels(6), 5);
  for (const EncoderInputs* all :
       std::initializer_list<const EncoderInputs*>{&sentences, &images}) {
    const auto selected = all->select(some);
    EXPECT_EQ(selected->count(), 2);
    EXPECT_TRUE(selected->batch(last, at::kCPU).inputs.equal(all->batch(last, at::kCPU).inputs))
        << all->noun();
  }
}

}  // namespace
}  // namespace moestro
