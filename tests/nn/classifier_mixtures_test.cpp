// Classifiers with mixture layers.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "nn/classifier_fixture.h"

namespace moestro {
namespace {

using namespace testing;

TEST(ClassifierMixtures, names_the_mixture_layers_as_its_traces_do) {
  TransformerShape every_second = mixture_shape();
  every_second.depth = 4;
  every_second.mixture.every = 2;
  TransformerShape shared = mixture_shape();
  shared.depth = 3;
  shared.share_depth = true;
  const std::vector<std::string> second = {"encoder.1", "encoder.3"},
                                 each = {"encoder.0", "encoder.1", "encoder.2"};
  for (const auto& [shape, expected] : {std::pair(every_second, second), std::pair(shared, each)}) {
    const Classifier model(shape, kVocabulary, {3}, 1);
    std::vector<std::string> named, traced;
    for (const MixtureName& name : model.mixture_names()) {
      EXPECT_EQ(name.experts, 3);
      named.push_back(name.layer);
    }
    for (const MixtureTrace& trace : model.forward(kTexts_BT, {}, {}).traces) {
      EXPECT_EQ(trace.routing.probs_BE.sizes(), (Shape{9, 3}));
      EXPECT_FALSE(trace.of_target);
      traced.push_back(trace.layer);
    }
    EXPECT_EQ(named, expected);
    EXPECT_EQ(traced, expected);
  }
  EXPECT_TRUE(Classifier(small_shape(), kVocabulary, {3}, 1).mixture_names().empty());
}

TEST(ClassifierMixtures, an_expert_is_forced_in_the_layer_of_that_name_alone) {
  for (const bool shared : {false, true}) {
    TransformerShape shape = mixture_shape();
    shape.depth = 3;
    shape.share_depth = shared;
    const Classifier model(shape, kVocabulary, {3}, 1);
    const auto chosen = [&](const std::string& layer) {
      std::vector<bool> forced;
      const ForwardContext context{.forced = ForcedExpert{layer, 1}};
      for (const MixtureTrace& trace : model.forward(kTexts_BT, context, {}).traces)
        forced.push_back(trace.routing.experts_BK.sizes() == (Shape{9, 1}));
      return forced;
    };
    EXPECT_EQ(chosen("encoder.1"), (std::vector<bool>{false, true, false})) << shared;
    EXPECT_EQ(chosen("decoder.1"), (std::vector<bool>{false, false, false})) << shared;
  }
}

// The bias moves by the rate towards experts with fewer rows than the mean, away from others.
Tensor bias_step(const MixtureTrace& trace, double rate) {
  const Tensor load_E = at::bincount(trace.routing.experts_BK.flatten(), {}, 3);
  return (load_E.to(at::kFloat).mean() - load_E).sign() * rate;
}

TEST(ClassifierMixtures, a_step_moves_the_balance_bias_of_each_mixture_layer) {
  TransformerShape shape = mixture_shape("sigmoid");
  shape.mixture.gate.k = 1;
  shape.mixture.gate.bias_rate = .25;
  Classifier model(shape, kVocabulary, {3}, 1);
  const std::vector<MixtureTrace> traces = model.forward(kTexts_BT, {}, {}).traces;
  model.after_step(traces);
  ASSERT_EQ(model.buffers().size(), 2u);
  bool moved = false;
  for (size_t i = 0; i < 2; ++i) {
    const Tensor expected = bias_step(traces[i], .25);
    EXPECT_TRUE(at::equal(model.buffers()[i].value, expected)) << i;
    moved = moved || expected.ne(0).any().item<bool>();
  }
  EXPECT_TRUE(moved);
}

TEST(ClassifierMixtures, a_step_moves_the_bias_of_a_shared_layer_once_for_each_block) {
  TransformerShape shape = mixture_shape("sigmoid");
  shape.share_depth = true;
  shape.mixture.gate.k = 1;
  shape.mixture.gate.bias_rate = .25;
  Classifier model(shape, kVocabulary, {3}, 1);
  const std::vector<MixtureTrace> traces = model.forward(kTexts_BT, {}, {}).traces;
  ASSERT_EQ(traces.size(), 2u);
  model.after_step(traces);
  ASSERT_EQ(model.buffers().size(), 1u);
  EXPECT_TRUE(
      at::equal(model.buffers()[0].value, bias_step(traces[0], .25) + bias_step(traces[1], .25)));
}

TEST(ClassifierMixtures, experts_have_a_hidden_width_of_their_own) {
  TransformerShape shape = mixture_shape();
  EXPECT_EQ(
      named(Classifier(shape, kVocabulary, {3}, 1), "encoder.0.mixture.experts.up.weight").sizes(),
      (Shape{3, 8, 12}));
  shape.mixture.hidden = 5;
  const Classifier model(shape, kVocabulary, {3}, 1);
  EXPECT_EQ(named(model, "encoder.0.mixture.experts.up.weight").sizes(), (Shape{3, 8, 5}));
  EXPECT_EQ(named(model, "encoder.1.mixture.experts.down.weight").sizes(), (Shape{3, 5, 8}));
}

TEST(ClassifierMixtures, more_experts_leave_the_first_ones_and_all_else_as_they_were) {
  TransformerShape shape = mixture_shape("softmax");
  const Classifier three(shape, kVocabulary, {3}, 1);
  shape.mixture.experts = 5;
  const Classifier five(shape, kVocabulary, {3}, 1);
  for (const Parameter& parameter : three.parameters()) {
    if (parameter.name.find(".gate.") != std::string::npos) continue;
    const Tensor other = named(five, parameter.name);
    EXPECT_TRUE(at::equal(other.narrow(0, 0, parameter.value.size(0)), parameter.value))
        << parameter.name;
  }
}

}  // namespace
}  // namespace moestro
