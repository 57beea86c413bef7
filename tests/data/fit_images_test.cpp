#include "moestro/data/fit_images.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "data/files_fixture.h"
#include "moestro/core/error.h"

namespace moestro::testing {
namespace {

Tensor pixels(const Shape& shape) {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  return at::arange(count).mul(37).remainder(256).to(at::kByte).view(shape);
}

TEST(FitImages, of_the_shape_already_stay_as_they_are) {
  const Tensor x = pixels({3, 2, 4, 5});
  EXPECT_TRUE(fit_images(x, {2, 4, 5}).is_same(x));
}

TEST(FitImages, grey_becomes_equal_channels_and_colour_its_mean) {
  const Tensor grey = pixels({2, 1, 3, 3});
  const Tensor colour = fit_images(grey, {3, 3, 3});
  EXPECT_TRUE(colour.equal(grey.expand({2, 3, 3, 3})));
  EXPECT_TRUE(fit_images(colour, {1, 3, 3}).equal(grey));
  const Tensor one = at::tensor({10, 20, 33}, at::kByte).view({1, 3, 1, 1});
  EXPECT_EQ(fit_images(one, {1, 1, 1}).item<int64_t>(), 21);
}

TEST(FitImages, half_the_size_is_a_weighted_mean_of_what_a_pixel_covers) {
  // Antialiased: a triangle over two input pixels on both sides, 1/8 3/8 3/8 1/8.
  const Tensor x = at::tensor({0, 0, 0, 160, 160, 160, 0, 0}, at::kByte).view({1, 1, 1, 8});
  EXPECT_EQ(list(fit_images(x.expand({1, 1, 2, 8}), {1, 1, 4}).flatten().to(at::kLong)),
            (Ints{0, 80, 140, 23}));
}

TEST(FitImages, twice_the_size_lies_between_pixel_centres) {
  const Tensor x = at::tensor({0, 100}, at::kByte).view({1, 1, 1, 2});
  EXPECT_EQ(list(fit_images(x, {1, 1, 4}).flatten().to(at::kLong)), (Ints{0, 25, 75, 100}));
}

TEST(FitImages, constant_images_stay_constant_whatever_their_number) {
  const Tensor x = at::full({2500, 1, 28, 28}, 200, at::kByte);
  const Tensor y = fit_images(x, {3, 32, 32});
  EXPECT_EQ(y.sizes(), (Shape{2500, 3, 32, 32}));
  EXPECT_TRUE(y.eq(200).all().item<bool>());
}

TEST(FitImages, other_counts_of_channels_are_refused) {
  EXPECT_EQ(thrown<UserError>([] {
              fit_images(pixels({1, 2, 4, 4}), {3, 4, 4});
            }),
            "images of 2 channels; expected 3 or 1");
}

}  // namespace
}  // namespace moestro::testing
