#include "moestro/nn/translator.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/data/answers.h"
#include "moestro/store/safetensors.h"
#include "nn/transformer_fixture.h"
#include "test_paths.h"
#include "thrown.h"

namespace moestro {
namespace {

using namespace testing;

TransformerShape translator_shape() {
  TransformerShape shape = small_shape();
  shape.longest = 9;
  shape.activation = FeedForwardKind::relu;
  shape.positions = PositionKind::sinusoidal;
  return shape;
}

// tests/reference/translator.py: a plain program of PyTorch with the same weights.
class TranslatorReference : public ::testing::Test {
 protected:
  TranslatorReference()
      : file_(std::filesystem::path(kSourceDir) / "tests" / "reference" / "translator.safetensors"),
        model_(translator_shape(), 11, 1) {
    convert(model_.parameters(), model_.buffers(), at::kDouble);
    for (const Parameter& parameter : model_.parameters())
      parameter.value.set_data(read(parameter.name));
  }
  Tensor read(const std::string& name) const { return file_.tensor(name).clone(); }
  Packing rows(const std::string& name) const { return Packing(read(name), at::kCPU); }

  SafetensorsFile file_;
  Translator model_;
};

TEST_F(TranslatorReference, agrees_on_logits_and_gradients) {
  const TranslatorOutput output =
      model_.forward(read("source"), rows("source_lengths"), read("target"), rows("target_lengths"),
                     {.training = true}, {});
  EXPECT_TRUE(at::allclose(output.logits_MV, read("logits"), 1e-9, 1e-9));
  EXPECT_TRUE(output.traces.empty());
  (output.logits_MV * read("probe")).sum().backward();
  for (const Parameter& parameter : model_.parameters())
    EXPECT_TRUE(at::allclose(parameter.value.grad(), read(parameter.name + ".grad"), 1e-8, 1e-8))
        << parameter.name;
}

TEST_F(TranslatorReference, finds_what_a_search_without_a_cache_finds) {
  const std::vector<std::pair<int64_t, double>> searches = {{1, 0.}, {3, 1.}, {4, .6}};
  for (size_t i = 0; i < searches.size(); ++i) {
    const BeamOptions options{
        .beam = searches[i].first, .length_penalty = searches[i].second, .longest = 9};
    const auto found = model_.translate(read("source"), rows("source_lengths"), options);
    const std::string name = fmt::format("search.{}.", i);
    std::vector<int64_t> tokens, lengths;
    std::vector<double> scores;
    for (const Hypothesis& hypothesis : found) {
      tokens.insert(tokens.end(), hypothesis.tokens.begin(), hypothesis.tokens.end());
      lengths.push_back(std::ssize(hypothesis.tokens));
      scores.push_back(hypothesis.score);
    }
    EXPECT_TRUE(at::equal(at::tensor(tokens, at::kLong), read(name + "tokens"))) << i;
    EXPECT_TRUE(at::equal(at::tensor(lengths, at::kLong), read(name + "lengths"))) << i;
    EXPECT_TRUE(at::allclose(at::tensor(scores, at::kDouble), read(name + "scores"), 1e-9, 1e-9));
  }
}

TEST(Translator, with_mixture_layers_translates_alone_as_beside_others) {
  TransformerShape shape = translator_shape();
  shape.mixture.experts = 4;
  shape.mixture.gate.kind = "noisy_topk";
  Translator model(shape, 11, 2);
  const Tensor source = at::tensor({3, 4, 5, 6, 7, 8, 9}, at::kLong);
  const Packing rows(at::tensor({2, 5}, at::kLong), at::kCPU), second(1, 5, at::kCPU);
  const BeamOptions options{.beam = 2, .longest = 6};
  const auto together = model.translate(source, rows, options);
  const auto alone = model.translate(source.narrow(0, 2, 5), second, options);
  EXPECT_EQ(together.back().tokens, alone.front().tokens);
  EXPECT_NEAR(together.back().score, alone.front().score, 1e-5);
  const TranslatorOutput output = model.forward(source, rows, source, rows, {}, {});
  EXPECT_EQ(output.traces.size(), 4u);
  EXPECT_EQ(model.mixtures().size(), 4u);
}

TEST(Translator, refuses_a_sentence_longer_than_its_positions) {
  const Translator model(translator_shape(), 11, 2);
  const Packing rows(1, 10, at::kCPU);
  const auto run = [&] { model.translate(at::zeros({10}, at::kLong), rows, {}); };
  EXPECT_EQ(thrown<UserError>(run), "a sentence of 10 tokens; expected at most 9 (data.longest)");
}

// What a batch holds: sentences of -1 behind their ends, the translations from begin to end token.
const Tensor kSources_BT =
    at::tensor({1, 5, 6, 2, -1, 1, 2, -1, -1, -1, 1, 7, 8, 9, 2}, at::kInt).view({3, 5});
const Tensor kTargets_BU =
    at::tensor({1, 3, 2, -1, 1, 4, 5, 2, 1, 2, -1, -1}, at::kInt).view({3, 4});

TransformerShape mixtures_on_both_sides(const std::string& gate = "noisy_topk") {
  TransformerShape shape = translator_shape();
  shape.depth = 2;
  shape.mixture.experts = 3;
  shape.mixture.every = 2;
  shape.mixture.gate.kind = gate;
  return shape;
}

TEST(Translator, of_a_batch_gives_what_its_packed_sentences_give) {
  const Translator model(mixtures_on_both_sides(), 11, 2);
  const Packing source_rows(at::tensor({4, 2, 5}, at::kLong), at::kCPU),
      target_rows(at::tensor({2, 3, 1}, at::kLong), at::kCPU);
  const TranslatorOutput packed =
      model.forward(at::tensor({1, 5, 6, 2, 1, 2, 1, 7, 8, 9, 2}, at::kLong), source_rows,
                    at::tensor({1, 3, 1, 4, 5, 1}, at::kLong), target_rows, {}, {});
  const ModelOutput batch = model.forward(kSources_BT, {.targets_N = kTargets_BU}, {});
  EXPECT_TRUE(at::equal(batch.mixed_NC, packed.logits_MV));
  ASSERT_EQ(batch.traces.size(), packed.traces.size());
  for (size_t i = 0; i < batch.traces.size(); ++i)
    EXPECT_TRUE(at::equal(batch.traces[i].routing.probs_BE, packed.traces[i].routing.probs_BE));
}

TEST(Translator, of_a_batch_has_a_row_for_each_answer_whatever_the_padding) {
  const Translator model(mixtures_on_both_sides(), 11, 2);
  const Tensor rows_MV = model.forward(kSources_BT, {.targets_N = kTargets_BU}, {}).mixed_NC;
  EXPECT_EQ(rows_MV.size(0), answers(kTargets_BU).size(0));
  const auto wider = [](const Tensor& ids) {
    return at::cat({ids, at::full({3, 2}, -1, ids.options())}, 1);
  };
  EXPECT_TRUE(at::equal(
      model.forward(wider(kSources_BT), {.targets_N = wider(kTargets_BU)}, {}).mixed_NC, rows_MV));
}

TEST(Translator, is_not_told_the_word_that_it_has_to_say) {
  const Translator model(mixtures_on_both_sides(), 11, 2);
  Tensor others = kTargets_BU.clone();
  others[1][2] = 8;  // the third word of the second translation
  const Tensor rows_MV = model.forward(kSources_BT, {.targets_N = kTargets_BU}, {}).mixed_NC,
               others_MV = model.forward(kSources_BT, {.targets_N = others}, {}).mixed_NC;
  const Tensor same_M = (rows_MV - others_MV).abs().amax(1).lt(1e-6);
  // Rows: two of the first, three of the second, one of the third; only what comes behind it moves.
  EXPECT_TRUE(at::equal(same_M, at::tensor({1, 1, 1, 1, 0, 1}, at::kLong).to(at::kBool)));
}

TEST(Translator, names_its_mixture_layers_as_its_traces_do_and_marks_those_of_the_decoder) {
  TransformerShape shared = mixtures_on_both_sides();
  shared.mixture.every = 1;
  shared.share_depth = true;
  using Names = std::vector<std::string>;
  const Names second = {"encoder.1", "decoder.1"},
              each = {"encoder.0", "encoder.1", "decoder.0", "decoder.1"};
  for (const auto& [shape, expected] :
       {std::pair(mixtures_on_both_sides(), second), std::pair(shared, each)}) {
    const Translator model(shape, 11, 2);
    Names named, traced;
    for (const MixtureName& name : model.mixture_names()) named.push_back(name.layer);
    for (const MixtureTrace& trace :
         model.forward(kSources_BT, {.targets_N = kTargets_BU}, {}).traces) {
      traced.push_back(trace.layer);
      EXPECT_EQ(trace.of_target, trace.layer.starts_with("decoder")) << trace.layer;
      EXPECT_EQ(trace.routing.probs_BE.size(0), trace.of_target ? 6 : 11) << trace.layer;
    }
    EXPECT_EQ(named, expected);
    EXPECT_EQ(traced, expected);
  }
}

TEST(Translator, decides_by_sentence_in_the_encoder_and_by_token_in_the_decoder) {
  TransformerShape shape = mixtures_on_both_sides();
  shape.mixture.route = RouteBy::mean;
  const Translator model(shape, 11, 2);
  const ModelOutput output = model.forward(kSources_BT, {.targets_N = kTargets_BU}, {});
  ASSERT_EQ(output.traces.size(), 2u);
  EXPECT_EQ(output.traces[0].routing.probs_BE.size(0), 3);
  EXPECT_EQ(output.traces[0].rows_per_decision, 5);
  EXPECT_EQ(output.traces[1].routing.probs_BE.size(0), 6);
}

TEST(Translator, a_step_moves_the_balance_bias_on_both_sides) {
  TransformerShape shape = mixtures_on_both_sides("sigmoid");
  shape.mixture.gate.k = 1;
  shape.mixture.gate.bias_rate = .5;
  Translator model(shape, 11, 2);
  const std::vector<MixtureTrace> traces =
      model.forward(kSources_BT, {.targets_N = kTargets_BU}, {}).traces;
  model.after_step(traces);
  ASSERT_EQ(model.buffers().size(), 2u);
  for (size_t side = 0; side < 2; ++side) {
    const Tensor load_E = at::bincount(traces[side].routing.experts_BK.flatten(), {}, 3);
    EXPECT_TRUE(at::equal(model.buffers()[side].value,
                          (load_E.to(at::kFloat).mean() - load_E).sign() * .5));
    EXPECT_TRUE(model.buffers()[side].value.ne(0).any().item<bool>());
  }
}

TEST(Translator, in_bfloat16_keeps_parameters_and_gradients_in_float32) {
  const Translator model(mixtures_on_both_sides("softmax"), 11, 2);
  const ForwardContext context{.targets_N = kTargets_BU, .precision = at::kBFloat16};
  const Tensor exact_MV = model.forward(kSources_BT, {.targets_N = kTargets_BU}, {}).mixed_NC;
  const Tensor half_MV = model.forward(kSources_BT, context, {}).mixed_NC;
  EXPECT_EQ(half_MV.scalar_type(), at::kBFloat16);
  EXPECT_LT((half_MV.to(at::kFloat) - exact_MV).abs().max().item<double>(),
            .05 * exact_MV.abs().max().item<double>());
  half_MV.to(at::kFloat).square().sum().backward();
  for (const Parameter& parameter : model.parameters()) {
    ASSERT_TRUE(parameter.value.grad().defined()) << parameter.name;
    EXPECT_EQ(parameter.value.grad().scalar_type(), at::kFloat) << parameter.name;
  }
}

}  // namespace
}  // namespace moestro
