#include "moestro/lifecycle/layer_inspection.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "moestro/data/answers.h"
#include "moestro/nn/classifier.h"
#include "moestro/nn/translator.h"

namespace moestro {
namespace {

constexpr int64_t kExperts = 3;

// Routes a token by its id, a sentence by its first token's, a patch by its number.
class IdModel : public Model {
 public:
  enum class By { token, sentence, target, patch };
  explicit IdModel(By by) : by_(by) {}

  ModelOutput forward(const Tensor& inputs, const ForwardContext& context,
                      const TraceNeeds&) const override {
    MixtureTrace trace;
    trace.of_target = by_ == By::target;
    const Tensor ids_BT = trace.of_target ? without_last(context.targets_N) : inputs;
    if (by_ == By::sentence) {
      trace.rows_per_decision = ids_BT.size(1);
      trace.valid_N = ids_BT.ge(0).flatten();
    }
    const Tensor owner_N =
        by_ == By::patch
            ? at::arange(4, at::kLong).repeat({inputs.size(0)})
            : (by_ == By::sentence ? ids_BT.select(1, 0) : ids_BT.masked_select(ids_BT.ge(0)));
    trace.routing =
        forced_routing(owner_N.to(at::kLong).remainder(kExperts).unsqueeze(1), kExperts);
    return {Tensor(), {trace}};
  }
  OutputKind output() const override { return OutputKind::logits; }
  void after_step(const std::vector<MixtureTrace>&) override {}
  std::vector<MixtureName> mixture_names() const override { return {{"encoder.1", kExperts}}; }
  std::vector<Parameter> parameters() const override { return {}; }
  std::vector<Buffer> buffers() const override { return {}; }
  std::vector<std::string> describe() const override { return {}; }
  Cost cost(int64_t) const override { return {}; }

 private:
  By by_;
};

Tensor ids(std::vector<int64_t> values, int64_t columns) {
  return at::tensor(values, at::kInt).view({-1, columns});
}

Dataset texts() {
  Dataset data;
  data.inputs = ids({3, 1, 2, -1, 3, 4, -1, -1, 4, 1, 1, 5}, 4);
  data.vocabulary = 6;
  return data;
}

LayerInspection inspected(IdModel::By by, const Dataset& data,
                          const EvaluationOptions& options = {}) {
  const std::vector<LayerInspection> layers =
      inspect_layers(IdModel(by), data, Normaliser::fit(data), options,
                     [](int64_t id) { return fmt::format("#{}", id); });
  EXPECT_EQ(layers.size(), 1u);
  return layers.front();
}

using Shares = std::vector<std::vector<double>>;

TEST(LayerInspection, counts_tokens_where_they_stand) {
  const nlohmann::json json = inspected(IdModel::By::token, texts()).to_json();
  EXPECT_EQ(json["layer"], "encoder.1");
  EXPECT_EQ(json["experts"], 3);
  EXPECT_EQ(json["decisions"], 9);
  EXPECT_NEAR(json["usage"][1].get<double>(), 5. / 9, 1e-14);
  EXPECT_EQ(json["sample_entropy"], 0.);
  EXPECT_EQ(json["position_from"], (std::vector<int64_t>{0, 1, 2}));
  EXPECT_EQ(json["positions"], (Shares{{2. / 3, 1. / 3, 0}, {0, 1, 0}, {0, 1. / 3, 2. / 3}}));
  EXPECT_EQ(json["tokens"], (nlohmann::json{nlohmann::json::array(), nlohmann::json::array(),
                                            nlohmann::json::array()}));  // too few of each
}

TEST(LayerInspection, is_the_same_whatever_the_batches) {
  const auto json = inspected(IdModel::By::token, texts()).to_json();
  for (int64_t tokens : {1, 5})
    EXPECT_EQ(inspected(IdModel::By::token, texts(), {.tokens = tokens}).to_json(), json);
}

TEST(LayerInspection, of_sentences_routed_once_counts_all_their_tokens) {
  for (int64_t tokens : {1, 100}) {
    const LayerInspection layer = inspected(IdModel::By::sentence, texts(), {.tokens = tokens});
    EXPECT_EQ(layer.usage.decisions, 3);
    EXPECT_TRUE(at::allclose(layer.usage.usage_E, at::tensor({2. / 3, 1. / 3, 0.}, at::kDouble)));
    EXPECT_EQ(layer.positions,
              (Shares{{2. / 3, 1. / 3, 0}, {2. / 3, 1. / 3, 0}, {1. / 3, 2. / 3, 0}}));
    EXPECT_TRUE(at::equal(layer.usage.token_VE[1], at::tensor({1, 2, 0}, at::kLong)));
  }
}

TEST(LayerInspection, of_a_decoder_reads_targets_without_their_last_tokens) {
  Dataset data = texts();
  data.targets_N = ids({1, 5, 2, 1, 2, -1, 1, 0, 2}, 3);
  const LayerInspection layer = inspected(IdModel::By::target, data);
  EXPECT_EQ(layer.usage.decisions, 5);
  EXPECT_EQ(layer.positions, (Shares{{0, 1, 0}, {.5, 0, .5}}));
  EXPECT_TRUE(at::equal(layer.usage.token_VE[1], at::tensor({0, 3, 0}, at::kLong)));
  EXPECT_EQ(layer.usage.token_VE[2].sum().item<int64_t>(), 0);
}

TEST(LayerInspection, of_images_has_rows_of_patches_and_no_tokens) {
  Dataset data;
  data.inputs = at::arange(5 * 16).view({5, 1, 4, 4}).to(at::kByte);
  const auto json = inspected(IdModel::By::patch, data, {.batch = 2}).to_json();
  EXPECT_EQ(json["decisions"], 20);
  EXPECT_EQ(json["position_from"], (std::vector<int64_t>{0, 2}));
  EXPECT_EQ(json["positions"], (Shares{{.5, .5, 0}, {.5, 0, .5}}));
  EXPECT_FALSE(json.contains("tokens"));
}

TEST(LayerInspection, names_the_tokens_that_an_expert_gets_more_often_than_others) {
  Dataset data;
  data.vocabulary = 4;
  data.inputs = at::arange(4, at::kInt).repeat({30, 1});
  const auto tokens = inspected(IdModel::By::token, data).to_json()["tokens"];
  EXPECT_EQ(tokens[1].dump(), R"([{"token":"#1","count":30,"share":1.0}])");
  EXPECT_EQ(tokens[0].size(), 2u);  // 0 and 3: equal ones in the order of their ids
  EXPECT_EQ(tokens[0][1]["token"], "#3");
  const auto layers = inspect_layers(IdModel(IdModel::By::token), data, Normaliser(), {}, {});
  EXPECT_EQ(layers[0].tokens[2][0].text, "2");
}

TransformerShape small_shape(RouteBy route) {
  TransformerShape shape;
  shape.width = 8;
  shape.heads = 2;
  shape.hidden = 8;
  shape.longest = 8;
  shape.mixture.experts = kExperts;
  shape.mixture.route = route;
  shape.mixture.gate.kind = "switch";
  return shape;
}

TEST(LayerInspection, of_a_transformer_meets_every_token_of_its_input) {
  const Dataset data = texts();
  for (const RouteBy route : {RouteBy::token, RouteBy::mean}) {
    const Classifier model(small_shape(route), data.vocabulary, {}, 1);
    const auto layers = inspect_layers(model, data, Normaliser(), {.tokens = 6}, {});
    ASSERT_EQ(layers.size(), 2u);
    EXPECT_EQ(layers[1].layer, model.mixture_names()[1].layer);
    EXPECT_EQ(layers[1].usage.decisions, route == RouteBy::token ? 9 : 3);
    const Tensor seen_V = at::tensor({0, 3, 1, 2, 2, 1}, at::kLong);
    EXPECT_TRUE(at::equal(layers[1].usage.token_VE.sum(1), seen_V));
    EXPECT_TRUE(at::equal(layers[1].usage.position_TE.sum(1), at::tensor({3, 3, 2, 1}, at::kLong)));
  }
}

TEST(LayerInspection, of_a_translator_meets_what_its_decoder_is_fed) {
  Dataset data = texts();
  data.targets_N = ids({1, 5, 2, 1, 2, -1, 1, 0, 2}, 3);
  const Translator model(small_shape(RouteBy::mean), data.vocabulary, 1);
  const auto layers = inspect_layers(model, data, Normaliser(), {.tokens = 8}, {});
  ASSERT_EQ(layers.size(), 4u);
  EXPECT_EQ(layers[0].usage.decisions, 3);
  EXPECT_EQ(layers[3].usage.decisions, 5);
  EXPECT_TRUE(
      at::equal(layers[3].usage.token_VE.sum(1), at::tensor({1, 3, 0, 0, 0, 1}, at::kLong)));
}

TEST(TypicalTokens, are_ordered_by_how_surely_they_are_no_chance) {
  // Usage is a half each. A few choices, all for expert 0, say less than many, most of them.
  const Tensor counts_VE =
      at::tensor({20, 0, 900, 300, 9, 0, 505, 495, 0, 639}, at::kLong).view({5, 2});
  const auto tokens = typical_tokens(counts_VE);
  ASSERT_EQ(tokens[0].size(), 2u);
  EXPECT_EQ(tokens[0][0].id, 1);
  EXPECT_EQ(tokens[0][0].count, 900);
  EXPECT_EQ(tokens[0][0].share, .75);
  EXPECT_EQ(tokens[0][1].id, 0);  // not 2: below ten choices; not 3: no more than chance
  ASSERT_EQ(tokens[1].size(), 1u);
  EXPECT_EQ(tokens[1][0].id, 4);
}

TEST(TypicalTokens, are_twelve_at_most) {
  const Tensor counts_VE = at::tensor({100, 0}, at::kLong).repeat({20, 1});
  EXPECT_TRUE(typical_tokens(counts_VE)[0].empty());  // all go there
  const auto tokens = typical_tokens(at::cat({counts_VE, counts_VE.flip(1)}));
  EXPECT_EQ(tokens[0].size(), 12u);
  EXPECT_EQ(tokens[1].front().id, 20);
}

TEST(LayersJson, is_the_whole_file) {
  LayerInspection layer = inspected(IdModel::By::token, texts());
  const nlohmann::json json = layers_json({layer, layer}, "test", 3);
  EXPECT_EQ(json["schema"], 3);
  EXPECT_EQ(json["set"], "test");
  EXPECT_EQ(json["rows"], 3);
  EXPECT_EQ(json["layers"].size(), 2u);
}

}  // namespace
}  // namespace moestro
