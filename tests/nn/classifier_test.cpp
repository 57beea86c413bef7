#include "moestro/nn/classifier.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/core/error.h"
#include "nn/classifier_fixture.h"
#include "thrown.h"

namespace moestro {
namespace {

using namespace testing;

// A stack that gives back what it gets but for its last norm: what blocks add is zero.
void silence(const Classifier& model) {
  for (const Parameter& parameter : model.encoder().parameters())
    if (parameter.name.find(".attention.out.") != std::string::npos ||
        parameter.name.find(".feed_forward.down.") != std::string::npos)
      parameter.value.set_data(at::zeros_like(parameter.value));
}

Tensor read_by_head(const Classifier& model, const Tensor& x_BD) {
  const Tensor normed_BD = at::layer_norm(x_BD, {8}, named(model, "encoder.norm.weight")[0],
                                          named(model, "encoder.norm.bias")[0], 1e-5);
  return normed_BD.mm(named(model, "head.weight")[0]) + named(model, "head.bias");
}

TEST(Classifier, reads_the_first_token_or_the_mean_of_all) {
  for (const Pooling pooling : {Pooling::first, Pooling::mean}) {
    const Classifier model(small_shape(), kVocabulary, {3, OutputKind::logits, pooling}, 1);
    make_exact(model);
    silence(model);
    const Tensor tokens_VD = named(model, "embeddings.tokens")[0],
                 places_TD = named(model, "embeddings.positions")[0];
    std::vector<Tensor> expected;
    for (int64_t b = 0; b < 3; ++b) {
      const Tensor ids_T = kTexts_BT[b].masked_select(kTexts_BT[b].ge(0)).to(at::kLong);
      const int64_t length = pooling == Pooling::first ? 1 : ids_T.size(0);
      const Tensor x_TD =
          tokens_VD.index_select(0, ids_T.narrow(0, 0, length)) + places_TD.narrow(0, 0, length);
      expected.push_back(read_by_head(model, x_TD).mean(0));
    }
    EXPECT_TRUE(at::allclose(logits(model, kTexts_BT), at::stack(expected), 1e-9, 1e-10));
  }
}

TEST(Classifier, reads_a_class_token_or_the_mean_of_the_patches) {
  const Tensor x_BCHW = normal({3, 2, 4, 6}, 1);
  for (const Pooling pooling : {Pooling::first, Pooling::mean}) {
    const Classifier model(small_shape(), kPatches, {3, OutputKind::logits, pooling}, 1);
    make_exact(model);
    silence(model);
    const Tensor places_TD = named(model, "embeddings.positions")[0];
    Tensor expected;
    if (pooling == Pooling::first) {
      const Tensor x_D = named(model, "embeddings.class")[0][0] + places_TD[0];
      expected = read_by_head(model, x_D.unsqueeze(0)).expand({3, 3});
    } else {
      const Tensor weight = named(model, "embeddings.patches.weight")[0].t().reshape({8, 2, 2, 2});
      const Tensor x_BTD =
          at::conv2d(x_BCHW, weight, named(model, "embeddings.patches.bias")[0], /*stride=*/2)
              .flatten(2)
              .transpose(1, 2) +
          places_TD;
      expected = read_by_head(model, x_BTD.flatten(0, 1)).view({3, 6, 3}).mean(1);
    }
    EXPECT_TRUE(at::allclose(logits(model, x_BCHW), expected, 1e-9, 1e-10));
  }
}

TEST(Classifier, of_images_is_its_encoder_over_a_strided_convolution) {
  const Classifier model(mixture_shape(), kPatches, {3, OutputKind::logits, Pooling::first}, 1);
  make_exact(model);
  const Tensor x_BCHW = normal({3, 2, 4, 6}, 2);
  const Tensor weight = named(model, "embeddings.patches.weight")[0].t().reshape({8, 2, 2, 2});
  const Tensor patches_BTD =
      at::conv2d(x_BCHW, weight, named(model, "embeddings.patches.bias")[0], /*stride=*/2)
          .flatten(2)
          .transpose(1, 2);
  const Tensor first = named(model, "embeddings.class").expand({3, 1, 8});
  const Tensor x_BTD = at::cat({first, patches_BTD}, 1) + named(model, "embeddings.positions");
  const Packing rows(3, 7, at::kCPU);
  const Tensor out_BTD =
      model.encoder().forward(x_BTD.flatten(0, 1), rows, {}, {}).x_ND.view({3, 7, 8});
  const Tensor expected =
      out_BTD.select(1, 0).mm(named(model, "head.weight")[0]) + named(model, "head.bias");
  EXPECT_TRUE(at::allclose(logits(model, x_BCHW), expected, 1e-9, 1e-10));
}

TEST(Classifier, padding_changes_nothing) {
  for (const TransformerShape& shape : every_shape())
    for (const Pooling pooling : {Pooling::first, Pooling::mean}) {
      const Classifier model(shape, kVocabulary, {3, OutputKind::logits, pooling}, 1);
      make_exact(model);
      const Tensor expected = logits(model, kTexts_BT);
      const Tensor wider = at::cat({kTexts_BT, at::full({3, 2}, -1, kTexts_BT.options())}, 1);
      EXPECT_TRUE(at::equal(logits(model, wider), expected));
      // Alone, without any padding.
      EXPECT_TRUE(at::allclose(logits(model, kTexts_BT.narrow(0, 0, 1).narrow(1, 0, 3)),
                               expected.narrow(0, 0, 1), 1e-9, 1e-10));
      EXPECT_TRUE(at::allclose(logits(model, kTexts_BT.narrow(0, 2, 1)), expected.narrow(0, 2, 1),
                               1e-9, 1e-10));
    }
}

TEST(Classifier, answers_follow_their_rows_when_these_are_permuted) {
  const Tensor order = at::tensor({2, 0, 1}, at::kLong);
  for (const TransformerShape& shape : every_shape()) {
    const Classifier model(shape, kVocabulary, {3}, 1);
    make_exact(model);
    EXPECT_TRUE(at::allclose(logits(model, kTexts_BT.index_select(0, order)),
                             logits(model, kTexts_BT).index_select(0, order), 1e-9, 1e-10));
    const Classifier vit(shape, kPatches, {3}, 1);
    make_exact(vit);
    const Tensor x_BCHW = normal({3, 2, 4, 6}, 3);
    EXPECT_TRUE(at::allclose(logits(vit, x_BCHW.index_select(0, order)),
                             logits(vit, x_BCHW).index_select(0, order), 1e-9, 1e-10));
  }
}

TEST(Classifier, without_positions_that_it_is_told_a_mean_forgets_the_order_of_patches) {
  TransformerShape shape = small_shape();
  const Classifier told(shape, kPatches, {3}, 1);
  make_exact(told);
  const Tensor x_BCHW = normal({2, 2, 4, 6}, 4);
  const Tensor swapped = at::cat({x_BCHW.narrow(3, 2, 4), x_BCHW.narrow(3, 0, 2)}, 3);
  EXPECT_FALSE(at::allclose(logits(told, x_BCHW), logits(told, swapped), 1e-6, 1e-6));
  named(told, "embeddings.positions").set_data(at::zeros({1, 6, 8}, at::kDouble));
  EXPECT_TRUE(at::allclose(logits(told, x_BCHW), logits(told, swapped), 1e-9, 1e-10));
}

TEST(Classifier, in_bfloat16_keeps_parameters_and_gradients_in_float32) {
  const ForwardContext half{.precision = at::kBFloat16};
  const auto expect_half = [&](const Classifier& model, const Tensor& inputs) {
    const Tensor exact = logits(model, inputs);
    const Tensor out = model.forward(inputs, half, {}).mixed_NC;
    EXPECT_EQ(out.scalar_type(), at::kBFloat16);
    EXPECT_EQ(exact.scalar_type(), at::kFloat);
    EXPECT_FALSE(at::equal(out.to(at::kFloat), exact));
    EXPECT_LT((out.to(at::kFloat) - exact).abs().max().item<double>(), .05);
    out.to(at::kFloat).square().sum().backward();
    for (const Parameter& parameter : model.parameters()) {
      EXPECT_EQ(parameter.value.scalar_type(), at::kFloat) << parameter.name;
      if (!parameter.value.grad().defined()) continue;  // of noise: none in evaluation
      EXPECT_EQ(parameter.value.grad().scalar_type(), at::kFloat) << parameter.name;
    }
    EXPECT_TRUE(named(model, "head.weight").grad().defined());
    EXPECT_TRUE(named(model, "encoder.0.attention.qkv.weight").grad().defined());
  };
  // One gate that sends every row to every expert: choices near a tie do not flip.
  expect_half(Classifier(mixture_shape("softmax"), kVocabulary, {3}, 1), kTexts_BT);
  expect_half(Classifier(mixture_shape("softmax"), kPatches, {3}, 1),
              normal({3, 2, 4, 6}, 5).to(at::kFloat));
}

TEST(Classifier, gradients_match_differences) {
  TransformerShape shape = mixture_shape("softmax", RouteBy::mean);
  shape.depth = 1;
  const Classifier model(shape, kVocabulary, {2}, 1);
  make_exact(model);
  const Tensor probe = normal({3, 2}, 6);
  std::vector<Tensor> leaves;
  for (const Parameter& parameter : model.parameters()) leaves.push_back(parameter.value);
  EXPECT_LT(gradient_error([&] { return (logits(model, kTexts_BT) * probe).sum(); }, leaves), 1e-7);
}

TEST(Classifier, dropout_works_in_training_alone_and_is_that_of_the_step) {
  TransformerShape shape = small_shape();
  shape.dropout = .3;
  const Classifier model(shape, kVocabulary, {3}, 1);
  const auto run = [&](bool training, uint64_t step) {
    return model.forward(kTexts_BT, {.training = training, .seed = 1, .step = step}, {}).mixed_NC;
  };
  EXPECT_TRUE(at::equal(run(true, 1), run(true, 1)));
  EXPECT_FALSE(at::equal(run(true, 1), run(true, 2)));
  EXPECT_TRUE(at::equal(run(false, 1), run(false, 2)));
}

TEST(Classifier, what_is_pooled_is_dropped_too) {
  TransformerShape shape = small_shape();
  shape.dropout = .5;
  const Classifier model(shape, kVocabulary, {8}, 1);
  silence(model);  // then the answer of one token is that of the embedding and the head alone
  named(model, "head.weight").set_data(at::eye(8).unsqueeze(0));
  named(model, "encoder.norm.weight").set_data(at::zeros({1, 8}));
  named(model, "encoder.norm.bias").set_data(at::ones({1, 8}));
  const Tensor out = model.forward(at::ones({50, 1}, at::kInt), {.training = true}, {}).mixed_NC;
  EXPECT_TRUE(out.eq(0).logical_or(out.eq(2)).all().item<bool>());
  EXPECT_NEAR(out.mean().item<double>(), 1, .2);
}

TEST(Classifier, of_values_gives_one_a_row) {
  const Classifier model(small_shape(), kVocabulary, {1, OutputKind::values}, 1);
  EXPECT_EQ(logits(model, kTexts_BT).sizes(), (Shape{3, 1}));
  EXPECT_EQ(model.output(), OutputKind::values);
}

TEST(Classifier, says_what_does_not_fit) {
  EXPECT_EQ(thrown<UserError>([] {
              Classifier(small_shape(), PatchShape{1, 28, 28, 5}, {3}, 1);
            }),
            "model.patch = 5 does not tile images of 28 x 28; expected a divisor of both");
  const Classifier model(small_shape(), kVocabulary, {3}, 1);
  EXPECT_EQ(thrown<UserError>([&] {
              logits(model, at::ones({1, 9}, at::kInt));
            }),
            "a sentence of 9 tokens; expected at most 8 (data.longest)");
}

}  // namespace
}  // namespace moestro
