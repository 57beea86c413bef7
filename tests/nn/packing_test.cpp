#include "moestro/nn/packing.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"

namespace moestro {
namespace {

using namespace testing;

Packing ragged() {
  return Packing(at::tensor({2, 4, 1}, at::kLong), at::kCPU);
}

TEST(Packing, counts_tokens_only) {
  const Packing rows = ragged();
  EXPECT_EQ(rows.sentences(), 3);
  EXPECT_EQ(rows.longest(), 4);
  EXPECT_EQ(rows.rows(), 7);
  EXPECT_FALSE(rows.full());
  EXPECT_TRUE(at::equal(rows.positions_N(), at::tensor({0, 1, 0, 1, 2, 3, 0}, at::kLong)));
  EXPECT_TRUE(at::equal(rows.sentence_N(), at::tensor({0, 0, 1, 1, 1, 1, 2}, at::kLong)));
  EXPECT_TRUE(at::equal(rows.valid_BT().sum(1), at::tensor({2, 4, 1}, at::kLong)));
}

TEST(Packing, pads_with_zeros_and_packs_the_same_again) {
  const Packing rows = ragged();
  const Tensor x_ND = normal({7, 3}, 1);
  const Tensor padded = rows.pad(x_ND);
  EXPECT_EQ(padded.sizes(), (Shape{3, 4, 3}));
  EXPECT_TRUE(at::equal(rows.pack(padded), x_ND));
  EXPECT_TRUE(at::equal(padded[0][1], x_ND[1]));
  EXPECT_TRUE(at::equal(padded[2][0], x_ND[6]));
  EXPECT_EQ(
      padded.masked_select(rows.valid_BT().unsqueeze(2).logical_not()).abs().sum().item<double>(),
      0);
}

TEST(Packing, of_one_length_copies_nothing) {
  const Packing rows(2, 3, at::kCPU);
  const Tensor x_ND = normal({6, 2}, 2);
  EXPECT_TRUE(rows.full());
  EXPECT_FALSE(rows.valid_BT().defined());
  EXPECT_EQ(rows.pad(x_ND).data_ptr(), x_ND.data_ptr());
  EXPECT_EQ(rows.pack(rows.pad(x_ND)).data_ptr(), x_ND.data_ptr());
}

TEST(Packing, takes_the_mean_and_the_first_of_each_sentence) {
  const Packing rows = ragged();
  const Tensor x_ND = normal({7, 3}, 3);
  const Tensor mean = rows.mean(x_ND), first = rows.first(x_ND);
  EXPECT_TRUE(at::allclose(mean[1], x_ND.narrow(0, 2, 4).mean(0), 1e-12, 1e-12));
  EXPECT_TRUE(at::allclose(mean[2], x_ND[6], 1e-12, 1e-12));
  EXPECT_TRUE(at::equal(first, x_ND.index_select(0, at::tensor({0, 2, 6}, at::kLong))));
}

TEST(Packing, gradients_pass_through_as_they_are) {
  const Packing rows = ragged();
  const Tensor x_ND = normal({7, 2}, 4, true), probe = normal({3, 4, 2}, 5);
  const auto value = [&] {
    return (rows.pad(x_ND) * probe).sum() + rows.mean(x_ND).square().sum() +
           rows.first(rows.pack(rows.pad(x_ND))).sin().sum();
  };
  EXPECT_LT(gradient_error(value, {x_ND}), 1e-8);
}

}  // namespace
}  // namespace moestro
