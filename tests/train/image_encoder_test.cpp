#include "moestro/train/image_encoder.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/nn/sides.h"
#include "moestro/train/optimiser.h"
#include "thrown.h"
#include "tiny_images.h"

namespace moestro {
namespace {

using namespace testing;

const ForwardContext kTraining{.training = true, .seed = 4};

Tensor embedded(const ImageEncoder& encoder, int64_t count = 5) {
  const EncoderBatch batch = tiny_images(encoder, count);
  return encoder.embed(batch.inputs, batch.rows);
}

// The head's input, found again through the head: of unit vectors it knows the direction only.
TEST(ImageEncoder, gives_what_the_classifiers_head_is_given_at_length_1) {
  for (const Pooling pooling : {Pooling::mean, Pooling::first}) {
    const auto vit = tiny_vit(pooling);
    const Tensor x_BCHW = tiny_normaliser().apply(tiny_pixels(5));
    const Tensor expected_BC = vit->forward(x_BCHW, {}, {}).mixed_NC.detach().clone();
    const ImageEncoder encoder(vit, tiny_normaliser(), at::kCPU);
    EXPECT_EQ(encoder.tokens(), pooling == Pooling::first ? 5 : 4);
    const EncoderBatch batch = tiny_images(encoder);
    const Tensor rows_ND = encoder.last_rows(batch.inputs, batch.rows, {});
    const Tensor pooled_BD =
        pooling == Pooling::first ? batch.rows.first(rows_ND) : batch.rows.mean(rows_ND);
    const std::vector<Parameter> all = vit->parameters();
    const Tensor weight_DC = all[all.size() - 2].value[0], bias_C = all.back().value[0];
    EXPECT_TRUE(at::allclose(pooled_BD.matmul(weight_DC) + bias_C, expected_BC, 0, 1e-5));
    const Tensor unit_BD = encoder.embed(batch.inputs, batch.rows);
    EXPECT_TRUE(at::allclose(unit_BD.norm(2, {1}), at::ones({5}), 0, 1e-5));
    EXPECT_TRUE(at::allclose(unit_BD * pooled_BD.norm(2, {1}, true), pooled_BD, 0, 1e-5));
  }
}

TEST(ImageEncoder, gives_an_image_the_same_alone_and_beside_others) {
  const auto encoder = tiny_image_encoder();
  const Tensor together = embedded(*encoder);
  for (int64_t count = 1; count < 5; ++count)
    EXPECT_TRUE(at::allclose(embedded(*encoder, count), together.narrow(0, 0, count), 0, 1e-6));
}

TEST(ImageEncoder, of_half_precision_points_the_same_way) {
  for (const int64_t experts : {0, 3}) {
    const Tensor expected = embedded(*tiny_image_encoder(Pooling::mean, at::kFloat, experts));
    const Tensor found = embedded(*tiny_image_encoder(Pooling::mean, at::kBFloat16, experts));
    EXPECT_EQ(found.scalar_type(), at::kFloat);
    EXPECT_GT((found * expected).sum(1).min().item<double>(), .99) << experts;
  }
}

// Told to train, what stands beside the blocks does; the blocks drop nothing and draw nothing.
TEST(ImageEncoder, stays_in_evaluation_while_adapters_train) {
  for (const int64_t experts : {0, 3}) {
    const auto encoder = tiny_image_encoder(Pooling::first, at::kFloat, experts);
    AdaptedEncoder model(encoder, {.experts = 4, .hidden = 8, .scale = 1}, 5);
    model.add_task();
    const EncoderBatch batch = tiny_images(*encoder);
    const AdaptedOutput output = model.forward(batch.inputs, batch.rows, 0, kTraining);
    EXPECT_TRUE(output.unit_BD.equal(encoder->embed(batch.inputs, batch.rows))) << experts;
    ASSERT_EQ(output.traces.size(), 2u);
    EXPECT_EQ(output.traces[0].routing.experts_BK.size(0), 5);
  }
}

class Seen : public Sides {
 public:
  Tensor forward(int64_t block, const Tensor&, const Packing&,
                 const ForwardContext& context) override {
    EXPECT_TRUE(context.training);
    blocks.push_back(block);
    return {};
  }

  std::vector<int64_t> blocks;
};

TEST(ImageEncoder, tells_what_stands_beside_it_that_it_trains) {
  const auto encoder = tiny_image_encoder();
  const EncoderBatch batch = tiny_images(*encoder);
  Seen seen;
  encoder->embed(batch.inputs, batch.rows, seen, kTraining);
  EXPECT_EQ(seen.blocks, (std::vector<int64_t>{0, 1}));
}

TEST(ImageEncoder, lets_adapters_learn_and_moves_nothing_of_its_own) {
  const auto vit = tiny_vit(Pooling::first);
  const auto encoder = std::make_shared<ImageEncoder>(vit, tiny_normaliser(), at::kCPU);
  AdaptedEncoder model(encoder, {.experts = 4, .hidden = 8, .scale = 1}, 5);
  model.add_task();
  const Tensor before = embedded(*encoder);
  TrainConfig config;
  config.optimiser = "adamw";
  Optimiser optimiser(model.parameters(0), config);
  const EncoderBatch batch = tiny_images(*encoder);
  const Tensor goal_BD = normal(before.sizes().vec(), 9).to(at::kFloat);
  double first = 0, loss = 0;
  for (uint64_t step = 0; step < 30; ++step) {
    optimiser.zero_gradients();
    const Tensor unit_BD =
        model.forward(batch.inputs, batch.rows, 0, {.training = true, .step = step}).unit_BD;
    const Tensor away = 1 - at::cosine_similarity(unit_BD, goal_BD).mean();
    away.backward();
    optimiser.step(.02);
    loss = away.item<double>();
    if (step == 0) first = loss;
  }
  EXPECT_LT(loss, first - .3);
  EXPECT_TRUE(embedded(*encoder).equal(before));
  for (const Parameter& parameter : vit->parameters())
    EXPECT_FALSE(parameter.value.requires_grad()) << parameter.name;
}

TEST(ImageEncoder, refuses_texts_and_inputs_that_are_no_pixels) {
  const auto of_texts = std::make_shared<Classifier>(TransformerShape{}, 20, AnswerShape{}, 1);
  EXPECT_EQ(thrown<UserError>([&] { ImageEncoder(of_texts, tiny_normaliser(), at::kCPU); }),
            "an encoder of texts; expected one of images");
  EXPECT_EQ(thrown<UserError>([] { ImageEncoder(tiny_vit(Pooling::mean), {}, at::kCPU); }),
            "an encoder of images of numbers; expected one of pixels, unsigned bytes");
}

}  // namespace
}  // namespace moestro
