#include "moestro/nn/patch_embedding.h"

#include <map>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/core/error.h"
#include "moestro/nn/positions.h"
#include "nn/transformer_fixture.h"
#include "thrown.h"

namespace moestro {
namespace {

using namespace testing;

constexpr PatchShape kPatches{.channels = 2, .height = 6, .width = 9, .patch = 3};

TransformerShape shape_with(PositionKind positions) {
  TransformerShape shape = small_shape();
  shape.positions = positions;
  return shape;
}

struct Made {
  PatchEmbedding embedding;
  std::map<std::string, Tensor> values;
};

Made exact(const PatchShape& patches, PositionKind positions) {
  Made made{PatchEmbedding(patches, shape_with(positions), "in", 3), {}};
  convert(made.embedding.parameters(), {}, at::kDouble);
  uint64_t seed = 0;
  for (const Parameter& parameter : made.embedding.parameters()) {
    parameter.value.set_data(normal(parameter.value.sizes().vec(), ++seed));
    made.values[parameter.name] = parameter.value;
  }
  return made;
}

// [B, T, D], with a kernel that moves by its own size.
Tensor convolved(const Made& made, const Tensor& x_BCHW, int64_t side) {
  const Tensor weight_DCPP =
      made.values.at("in.patches.weight")[0].t().reshape({8, x_BCHW.size(1), side, side});
  return at::conv2d(x_BCHW, weight_DCPP, made.values.at("in.patches.bias")[0], side)
      .flatten(2)
      .transpose(1, 2);
}

TEST(PatchEmbedding, is_a_convolution_with_the_stride_of_a_patch) {
  const Made made = exact(kPatches, PositionKind::rotary);
  const Tensor x_BCHW = normal({4, 2, 6, 9}, 9);
  EXPECT_EQ(made.embedding.tokens(), 6);
  EXPECT_TRUE(at::allclose(made.embedding.forward(x_BCHW, {}),
                           convolved(made, x_BCHW, 3).flatten(0, 1), 1e-12, 1e-12));
}

TEST(PatchEmbedding, adds_a_vector_to_each_place_of_an_image) {
  const Tensor x_BCHW = normal({4, 2, 6, 9}, 9);
  const Made learned = exact(kPatches, PositionKind::learned);
  EXPECT_TRUE(at::allclose(
      learned.embedding.forward(x_BCHW, {}).view({4, 6, 8}) - convolved(learned, x_BCHW, 3),
      learned.values.at("in.positions").expand({4, 6, 8}), 1e-12, 1e-12));
  const Made sines = exact(kPatches, PositionKind::sinusoidal);
  EXPECT_TRUE(at::allclose(
      sines.embedding.forward(x_BCHW, {}).view({4, 6, 8}) - convolved(sines, x_BCHW, 3),
      sinusoids(0, 6, 8, at::kCPU).expand({4, 6, 8}), 1e-12, 1e-12));
}

TEST(PatchEmbedding, a_class_token_stands_before_the_patches_and_knows_no_image) {
  PatchShape patches = kPatches;
  patches.class_token = true;
  const Made made = exact(patches, PositionKind::learned);
  EXPECT_EQ(made.embedding.tokens(), 7);
  const Tensor x_BCHW = normal({4, 2, 6, 9}, 9);
  const Tensor rows_BTD = made.embedding.forward(x_BCHW, {}).view({4, 7, 8});
  const Tensor places_TD = made.values.at("in.positions")[0];
  EXPECT_TRUE(at::allclose(rows_BTD.select(1, 0),
                           (made.values.at("in.class")[0][0] + places_TD[0]).expand({4, 8})));
  EXPECT_TRUE(at::allclose(rows_BTD.narrow(1, 1, 6) - convolved(made, x_BCHW, 3),
                           places_TD.narrow(0, 1, 6).expand({4, 6, 8}), 1e-12, 1e-12));
}

TEST(PatchEmbedding, an_image_of_one_patch_is_one_row) {
  const Made made = exact({.channels = 1, .height = 4, .width = 4}, PositionKind::learned);
  EXPECT_EQ(made.embedding.forward(normal({3, 1, 4, 4}, 1), {}).sizes(), (Shape{3, 8}));
}

TEST(PatchEmbedding, gradients_match_differences) {
  PatchShape patches{.channels = 2, .height = 2, .width = 4, .patch = 2, .class_token = true};
  const Made made = exact(patches, PositionKind::learned);
  const Tensor x_BCHW = normal({2, 2, 2, 4}, 4, true), probe = normal({6, 8}, 5);
  std::vector<Tensor> leaves{x_BCHW};
  for (const Parameter& parameter : made.embedding.parameters()) leaves.push_back(parameter.value);
  EXPECT_LT(
      gradient_error([&] { return (made.embedding.forward(x_BCHW, {}) * probe).sum(); }, leaves),
      1e-7);
}

TEST(PatchEmbedding, dropout_works_in_training_alone) {
  TransformerShape shape = small_shape();
  shape.dropout = .5;
  const PatchEmbedding embedding(kPatches, shape, "in", 1);
  const Tensor x_BCHW = at::ones({2, 2, 6, 9});
  const auto zeros = [&](bool training) {
    return embedding.forward(x_BCHW, {.training = training}).eq(0).sum().item<int64_t>();
  };
  EXPECT_EQ(zeros(false), 0);
  EXPECT_GT(zeros(true), 20);  // of 96
}

TEST(PatchEmbedding, patches_that_do_not_tile_the_image_are_refused) {
  const auto refusal = [](int64_t height, int64_t width) {
    return thrown<UserError>([&] {
      PatchEmbedding({.height = height, .width = width, .patch = 5}, small_shape(), "in", 1);
    });
  };
  EXPECT_EQ(refusal(10, 28),
            "model.patch = 5 does not tile images of 10 x 28; expected a divisor of both");
  EXPECT_EQ(refusal(28, 10),
            "model.patch = 5 does not tile images of 28 x 10; expected a divisor of both");
}

}  // namespace
}  // namespace moestro
