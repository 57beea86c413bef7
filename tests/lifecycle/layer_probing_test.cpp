#include "moestro/lifecycle/layer_probing.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "moestro/data/answers.h"
#include "moestro/nn/classifier.h"
#include "moestro/nn/translator.h"

namespace moestro {
namespace {

constexpr int64_t kExperts = 3;

Tensor ids(const std::vector<int64_t>& values, int64_t columns) {
  return at::tensor(values, at::kInt).view({-1, columns});
}

Dataset texts() {
  Dataset data;
  data.inputs = ids({3, 1, 2, -1, 3, 4, -1, -1, 4, 1, 1, 5, 5, 2, 2, -1, 1, 3, -1, -1}, 4);
  data.vocabulary = 6;
  data.classes = 2;
  data.class_names = {"a", "b"};
  data.targets_N = at::tensor({0, 1, 1, 0, 1}, at::kLong);
  return data;
}

Dataset pairs() {
  Dataset data = texts();
  data.classes = 0;
  data.class_names.clear();
  data.targets_N = ids({1, 5, 2, -1, 1, 2, -1, -1, 1, 0, 4, 2, 1, 3, 2, -1, 1, 2, -1, -1}, 4);
  return data;
}

// Answers with the probability .9 for the class that its chosen expert is for: expert 0 for class
// 0, the others for class 1. Left to itself it sends a text to its first token modulo 3.
class LoneLayer : public Model {
 public:
  ModelOutput forward(const Tensor& inputs, const ForwardContext& context,
                      const TraceNeeds&) const override {
    MixtureTrace trace;
    Tensor expert_B = inputs.select(1, 0).to(at::kLong).remainder(kExperts);
    if (context.forced) {
      EXPECT_EQ(context.forced->layer, "encoder.1");
      expert_B.fill_(context.forced->expert);
    }
    trace.routing = forced_routing(expert_B.unsqueeze(1), kExperts);
    const Tensor second_B = expert_B.ne(0).to(at::kFloat) * .8 + .1;
    return {at::stack({1 - second_B, second_B}, 1).log(), {trace}};
  }
  OutputKind output() const override { return OutputKind::logits; }
  void after_step(const std::vector<MixtureTrace>&) override {}
  std::vector<MixtureName> mixture_names() const override { return {{"encoder.1", kExperts}}; }
  std::vector<Parameter> parameters() const override { return {}; }
  std::vector<Buffer> buffers() const override { return {}; }
  std::vector<std::string> describe() const override { return {}; }
  Cost cost(int64_t) const override { return {}; }
};

TEST(LayerProbing, has_closed_forms_whatever_the_batches) {
  // Texts go to experts 0, 0, 1, 2, 1; their classes are 0, 1, 1, 0, 1.
  const double good = -std::log(.9), bad = -std::log(.1);
  for (const int64_t tokens : {4, 8192}) {
    const auto layers = probe_layers(LoneLayer(), texts(), Normaliser(), {.tokens = tokens});
    ASSERT_EQ(layers.size(), 1u);
    const LayerProbing& probing = layers.front();
    EXPECT_NEAR(probing.model.error, 2. / 5, 1e-12);
    EXPECT_NEAR(probing.model.loss, (3 * good + 2 * bad) / 5, 1e-6);
    EXPECT_NEAR(probing.all[0].error, 3. / 5, 1e-12);
    EXPECT_NEAR(probing.all[1].error, 2. / 5, 1e-12);
    ASSERT_TRUE(probing.split);
    EXPECT_EQ(probing.split->share, (std::vector<double>{.4, .4, .2}));
    EXPECT_NEAR(probing.split->own[0].error, .5, 1e-12);
    EXPECT_NEAR(probing.split->own[1].loss, good, 1e-6);
    EXPECT_NEAR(probing.split->others[1].error, 2. / 3, 1e-12);
    EXPECT_NEAR(probing.split->own[2].loss, bad, 1e-6);
  }
}

TEST(LayerProbing, in_json_is_null_where_an_expert_has_no_answer) {
  Dataset data = texts();
  data.inputs.select(1, 0).fill_(3);  // all to expert 0
  const nlohmann::json json = probe_layers(LoneLayer(), data, Normaliser(), {}).front().to_json();
  EXPECT_EQ(json["share"], (std::vector<double>{1, 0, 0}));
  EXPECT_TRUE(json["own_loss"][1].is_null());
  EXPECT_TRUE(json["others_error"][0].is_null());
  EXPECT_NEAR(json["own_error"][0].get<double>(), 3. / 5, 1e-12);
  EXPECT_EQ(json["own_loss"][0], json["model_loss"]);
  EXPECT_EQ(json.size(), 9u);
}

TransformerShape small_shape(RouteBy route, int64_t depth) {
  TransformerShape shape;
  shape.width = 8;
  shape.heads = 2;
  shape.hidden = 8;
  shape.depth = depth;
  shape.longest = 8;
  shape.mixture.experts = kExperts;
  shape.mixture.route = route;
  shape.mixture.gate.kind = "noisy_topk";
  shape.mixture.gate.k = 1;  // with weight 1
  return shape;
}

// What each expert answers for its own is what the model answers for it.
void expect_own_answers_to_be_the_models(const LayerProbing& probing) {
  ASSERT_TRUE(probing.split);
  double loss = 0, error = 0;
  for (size_t e = 0; e < kExperts; ++e) {
    if (probing.split->share[e] == 0) continue;
    loss += probing.split->share[e] * probing.split->own[e].loss;
    error += probing.split->share[e] * probing.split->own[e].error;
  }
  EXPECT_NEAR(loss, probing.model.loss, 1e-5);
  EXPECT_NEAR(error, probing.model.error, 1e-12);
}

TEST(LayerProbing, of_sentences_routed_once_knows_own_answers) {
  for (const RouteBy route : {RouteBy::mean, RouteBy::first}) {
    const Classifier model(small_shape(route, 2), 6, {2}, 1);
    const auto layers = probe_layers(model, texts(), Normaliser(), {.tokens = 8});
    ASSERT_EQ(layers.size(), 2u);
    for (const LayerProbing& layer : layers) expect_own_answers_to_be_the_models(layer);
    const Scores trained = score(model, texts(), Normaliser(), {});
    EXPECT_NEAR(layers[0].model.loss, trained.loss, 1e-6);
    EXPECT_EQ(layers[0].model.error, trained.error);
    EXPECT_NE(layers[0].all[0].loss, layers[0].all[1].loss);
    EXPECT_NE(layers[0].all[0].loss, layers[1].all[0].loss);
  }
}

TEST(LayerProbing, of_tokens_routed_one_by_one_has_no_own_answers) {
  const Classifier model(small_shape(RouteBy::token, 1), 6, {2}, 1);
  const LayerProbing probing = probe_layers(model, texts(), Normaliser(), {}).front();
  EXPECT_FALSE(probing.split);
  EXPECT_EQ(probing.to_json().size(), 4u);
}

TEST(LayerProbing, of_a_translator_knows_own_answers_of_its_decoder_alone) {
  for (const RouteBy route : {RouteBy::token, RouteBy::mean}) {
    const Translator model(small_shape(route, 1), 6, 1);
    const auto layers = probe_layers(model, pairs(), Normaliser(), {.tokens = 9});
    ASSERT_EQ(layers.size(), 2u);
    EXPECT_FALSE(layers[0].split);
    expect_own_answers_to_be_the_models(layers[1]);
    const Scores trained = score(model, pairs(), Normaliser(), {});
    EXPECT_NEAR(layers[1].model.loss, trained.loss, 1e-6);
  }
}

TEST(LayerProbing, of_values_is_in_the_units_of_the_target) {
  Dataset data = texts();
  data.classes = 0;
  data.targets_N = at::tensor({500., 700., 300., 400., 600.}).to(at::kFloat);
  const Normaliser normaliser = Normaliser::fit(data);
  const Classifier model(small_shape(RouteBy::mean, 1), 6, {1, OutputKind::values}, 1);
  const LayerProbing probing = probe_layers(model, data, normaliser, {}).front();
  const Scores trained = score(model, data, normaliser, {});
  EXPECT_NEAR(probing.model.error, trained.error, 1e-6);
  for (const Scores& all : probing.all) EXPECT_NEAR(all.error, std::sqrt(all.loss), 1e-9);
  double own = 0;
  for (size_t e = 0; e < kExperts; ++e)
    if (probing.split->share[e] > 0) own += probing.split->share[e] * probing.split->own[e].loss;
  EXPECT_NEAR(own, probing.model.loss, 1e-2);
}

}  // namespace
}  // namespace moestro
