#include "moestro/data/augment.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "data/files_fixture.h"
#include "moestro/core/error.h"

namespace moestro::testing {
namespace {

Tensor augmented(const Augmentation& augmentation, const Tensor& images, uint64_t seed,
                 uint64_t step) {
  return augmentation.apply(images, augmentation.draw(images.size(0), seed, step));
}

// The image shifted: out[i, j] = padded[i + dy, j + dx].
Tensor shifted(const Tensor& image_CHW, int64_t dy, int64_t dx, int64_t pad, bool reflect) {
  const Tensor floats = image_CHW.to(at::kFloat).unsqueeze(0);
  const Tensor padded = reflect ? at::reflection_pad2d(floats, {pad, pad, pad, pad})
                                : at::constant_pad_nd(floats, {pad, pad, pad, pad});
  return padded[0]
      .narrow(1, pad + dy, image_CHW.size(1))
      .narrow(2, pad + dx, image_CHW.size(2))
      .to(image_CHW.scalar_type());
}

// How many of the shifts up to `pad` give each image of the result from its source.
void expect_shifts(const std::vector<std::string>& steps, int64_t pad, bool reflect) {
  const Tensor images = image_set(200, 6, 5).inputs;
  const Tensor out = augmented(Augmentation::parse(steps), images, 1, 7);
  std::map<std::pair<int64_t, int64_t>, int> used;
  for (int64_t n = 0; n < images.size(0); ++n) {
    int matches = 0;
    for (int64_t dy = -pad; dy <= pad; ++dy)
      for (int64_t dx = -pad; dx <= pad; ++dx)
        if (at::equal(out[n], shifted(images[n], dy, dx, pad, reflect)))
          ++matches, ++used[{dy, dx}];
    ASSERT_EQ(matches, 1) << "image " << n;
  }
  EXPECT_EQ(used.size(), static_cast<size_t>((2 * pad + 1) * (2 * pad + 1)));
}

TEST(Augmentation, flip_mirrors_about_half_of_the_images) {
  const Tensor images = image_set(400).inputs;
  const Tensor out = augmented(Augmentation::parse({"flip"}), images, 1, 0);
  int64_t flipped = 0;
  for (int64_t n = 0; n < 400; ++n) {
    const bool same = at::equal(out[n], images[n]);
    ASSERT_TRUE(same || at::equal(out[n], images[n].flip(2))) << n;
    flipped += !same;
  }
  EXPECT_GT(flipped, 150);
  EXPECT_LT(flipped, 250);
}

TEST(Augmentation, crop_shifts_every_way_and_moves_zeros_in) {
  expect_shifts({"crop 2"}, 2, false);
}

TEST(Augmentation, crop_reflect_moves_mirrored_pixels_in) {
  expect_shifts({"crop 1 reflect"}, 1, true);
}

TEST(Augmentation, every_type_of_image_comes_out_the_same) {
  const Tensor images = image_set(50, 6, 5).inputs.expand({50, 3, 6, 5});
  for (const char* crop : {"crop 2", "crop 2 reflect"}) {
    const Augmentation augmentation = Augmentation::parse({"flip", crop});
    const Tensor bytes = augmented(augmentation, images, 3, 1);
    const Tensor floats = augmented(augmentation, images.to(at::kFloat), 3, 1);
    EXPECT_TRUE(at::equal(bytes.to(at::kFloat), floats)) << crop;
  }
}

TEST(Augmentation, seed_and_step_decide) {
  const Tensor images = image_set(50).inputs;
  const Augmentation augmentation = Augmentation::parse({"flip", "crop 1"});
  const Tensor out = augmented(augmentation, images, 1, 5);
  EXPECT_TRUE(at::equal(augmented(augmentation, images, 1, 5), out));
  EXPECT_FALSE(at::equal(augmented(augmentation, images, 1, 6), out));
  EXPECT_FALSE(at::equal(augmented(augmentation, images, 2, 5), out));
}

TEST(Augmentation, draws_of_several_batches_are_cut_into_those_of_each) {
  const Tensor images = image_set(50).inputs;
  for (const std::vector<std::string>& steps :
       {std::vector<std::string>{"flip"}, {"crop 1"}, {"flip", "crop 1 reflect"}}) {
    const Augmentation augmentation = Augmentation::parse(steps);
    const AugmentDraws all =
        AugmentDraws::joined({augmentation.draw(30, 1, 5), augmentation.draw(20, 1, 6)});
    const Tensor second = images.narrow(0, 30, 20);
    EXPECT_TRUE(at::equal(augmentation.apply(second, all.narrow(30, 20).to(c10::kCPU)),
                          augmented(augmentation, second, 1, 6)));
  }
}

TEST(Augmentation, flips_are_the_same_with_and_without_a_crop) {
  // Constant columns show the flip, constant rows hide the shift.
  const Tensor images = at::zeros({40, 1, 1, 5}, at::kByte).expand({40, 1, 5, 5}).clone();
  images.select(3, 0).fill_(9);
  const Tensor flipped = augmented(Augmentation::parse({"flip"}), images, 1, 0);
  const Tensor both = augmented(Augmentation::parse({"flip", "crop 2"}), images, 1, 0);
  const Tensor left = both.narrow(3, 0, 2).sum({1, 2, 3}).gt(0);
  const Tensor right = both.narrow(3, 3, 2).sum({1, 2, 3}).gt(0);
  const Tensor flips_B = flipped.select(3, 4).sum({1, 2}).gt(0);
  EXPECT_FALSE(left.logical_and(flips_B).any().item<bool>());
  EXPECT_FALSE(right.logical_and(flips_B.logical_not()).any().item<bool>());
}

TEST(Augmentation, unknown_steps_and_unfit_data_are_refused) {
  for (const char* step : {"rotate", "crop", "crop 0", "crop x", "crop 2 wrap", "flip 2", ""})
    EXPECT_TRUE(says(thrown<UserError>([&] { Augmentation::parse({step}); }),
                     {fmt::format("data.augment: \"{}\"; expected \"flip\"", step)}));
  EXPECT_TRUE(says(thrown<UserError>([] { Augmentation::parse({"flip", "flip"}); }), {"once"}));
  EXPECT_TRUE(says(thrown<UserError>([] { Augmentation::parse({"crop 3"}).check(image_set(2)); }),
                   {"less than the size of the images (1x4x3)"}));
  Dataset table;
  table.name = "bank";
  table.inputs = at::ones({2, 3});
  EXPECT_TRUE(says(thrown<UserError>([&] { Augmentation::parse({"flip"}).check(table); }),
                   {"data.augment works on images; bank holds rows of 3 numbers"}));
}

}  // namespace
}  // namespace moestro::testing
