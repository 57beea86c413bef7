#include "moestro/data/pixel_gather.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

namespace moestro::testing {
namespace {

TEST(PixelGather, lines_and_columns_are_taken_as_listed_and_minus_one_gives_zero) {
  const Tensor image = at::tensor({1, 2, 3, 4}, at::kByte).view({1, 1, 2, 2});
  const Tensor y = at::tensor({1, -1, 0}, at::kLong).view({1, 3});
  const Tensor x = at::tensor({1, 0, -1}, at::kLong).view({1, 3});
  const Tensor expected = at::tensor({4, 3, 0, 0, 0, 0, 2, 1, 0}, at::kByte).view({1, 1, 3, 3});
  EXPECT_TRUE(at::equal(gather_pixels(image, y, x), expected));
  EXPECT_TRUE(at::equal(gather_pixels(image.to(at::kFloat), y, x), expected.to(at::kFloat)));
}

TEST(PixelGather, bytes_and_other_types_agree_on_strided_images) {
  const Tensor images = at::arange(2 * 3 * 5 * 4).remainder(251).to(at::kByte).view({2, 3, 5, 4});
  const Tensor strided = images.transpose(2, 3);
  const Tensor y = at::tensor({3, 2, 1, 0, 0, 0, 1, -1}, at::kLong).view({2, 4});
  const Tensor x = at::tensor({4, 0, 2, 3, 1, -1}, at::kLong).view({2, 3});
  const Tensor bytes = gather_pixels(strided, y, x);
  EXPECT_TRUE(at::equal(bytes.to(at::kInt), gather_pixels(strided.to(at::kInt), y, x)));
  EXPECT_EQ(bytes[0][2][0][0].item<int>(), strided[0][2][3][4].item<int>());
}

}  // namespace
}  // namespace moestro::testing
