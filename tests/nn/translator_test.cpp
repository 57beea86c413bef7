#include "moestro/nn/translator.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
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

}  // namespace
}  // namespace moestro
