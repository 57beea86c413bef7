#include "moestro/nn/cost.h"

#include <gtest/gtest.h>

#include "moestro/nn/mixture.h"
#include "moestro/nn/translator.h"
#include "nn/classifier_fixture.h"
#include "nn/gates/gate_fixture.h"

namespace moestro {
namespace {

using namespace testing;

constexpr AnswerShape kThreeClasses{.count = 3};
const std::vector<std::string> kExpert = {"linear 5", "tanh", "linear classes"};

Cost cost_of_layers(const std::vector<std::string>& layers, const Shape& input) {
  return cost_of(parse_layers(layers, input, {"layers", "classes", 4, {{1, 3}, {4, 2}}}));
}

void expect_cost(const Cost& cost, double operations, double weights) {
  EXPECT_DOUBLE_EQ(cost.operations, operations);
  EXPECT_DOUBLE_EQ(cost.weights, weights);
}

Mixture mixture_of(const GateConfig& gate, int64_t experts) {
  return Mixture(ExpertBank(parse_layers(kExpert, {3}, {"expert.layers", "classes", 4}), "experts",
                            experts, 11),
                 make_gate(gate, gate_setting(experts)), OutputKind::probabilities);
}

Classifier images(const TransformerShape& shape, Pooling pooling = Pooling::mean) {
  return Classifier(shape, kPatches, {.count = 3, .pooling = pooling}, 1);
}

double parameters_of(const Model& model) {
  return static_cast<double>(model.parameter_count());
}

TEST(Cost, of_linear_layers_is_two_operations_a_weight) {
  expect_cost(cost_of_layers({"linear 5", "relu", "linear classes"}, {3}), 2 * (15 + 20),
              15 + 5 + 20 + 4);
  expect_cost(cost_of_layers({"linear classes bias=false"}, {3}), 24, 12);
}

TEST(Cost, of_a_convolution_counts_its_weights_at_every_place_of_the_output) {
  const int64_t first = 2 * 9, second = 3 * 2 * 4, last = 12 * 4;  // outputs: 4 x 4, 2 x 2, 1
  expect_cost(cost_of_layers({"conv 2 3", "relu", "maxpool 2", "conv 3 2 pad=1 stride=2 bias=false",
                              "batchnorm", "dropout 0.1", "linear classes"},
                             {1, 6, 6}),
              2. * (first * 16 + second * 4 + last), (first + 2) + second + 2 * 3 + (last + 4));
}

TEST(Cost, of_embeddings_is_a_vector_a_column) {
  const int64_t linear = (1 + 2 * 7) * 4;  // a number and two columns
  expect_cost(cost_of_layers({"embed 7", "linear classes"}, {6}), 2. * linear, 2 * 7 + linear + 4);
}

TEST(Cost, of_a_dense_mixture_reads_every_parameter) {
  const double expert = 3 * 5 + 5 * 4, gate = 3 * 4;
  for (const int64_t experts : {1, 2, 6}) {
    const Mixture mixture = mixture_of(gate_config("softmax"), experts);
    expect_cost(mixture.cost(1), 2 * (experts * (expert + 4) + gate), parameters_of(mixture));
    EXPECT_DOUBLE_EQ(mixture_of(gate_config("fixed"), experts).cost(1).operations,
                     2 * experts * expert);
  }
}

TEST(Cost, of_a_sparse_mixture_is_that_of_the_chosen_experts) {
  const double expert = 3 * 5 + 5 * 4, biases = 5 + 4;
  const double gate = 3 * 4 + 4 * 6, gate_biases = 4 + 6;
  for (const char* kind : {"switch", "sigmoid", "noisy_topk"}) {
    const double k = std::string(kind) == "switch" ? 1 : 2;
    expect_cost(mixture_of(gate_config(kind), 6).cost(1), 2 * (k * expert + gate),
                k * (expert + biases) + gate + gate_biases);
  }
  GateConfig all = gate_config("noisy_topk");
  all.k = 6;
  EXPECT_DOUBLE_EQ(mixture_of(all, 6).cost(1).operations,
                   mixture_of(gate_config("softmax"), 6).cost(1).operations);
}

TEST(Cost, of_an_attentive_gate_has_a_query_and_a_key) {
  GateConfig gate = gate_config("attentive");
  const double experts = 3, expert = 3 * 5 + 5 * 4, trunk = 3 * 4, query = 4 * 4, key = 5 * 4;
  const Mixture plain = mixture_of(gate, 3);
  expect_cost(plain.cost(1), 2 * (experts * expert + trunk + query + key + experts * 5),
              parameters_of(plain));
  gate.normalise = true;
  const Mixture normalised = mixture_of(gate, 3);
  expect_cost(normalised.cost(1),
              2 * (experts * expert + trunk + query + experts * key + experts * 4),
              parameters_of(normalised));
}

TEST(Cost, of_a_vision_transformer_follows_from_its_shape) {
  // Images of 2 x 4 x 6 in patches of 2 x 2: 6 tokens and the class token.
  TransformerShape shape = small_shape();
  shape.depth = 1;
  const Classifier model = images(shape, Pooling::first);
  const double tokens = 7, width = 8, hidden = 12;
  const double patches = 6 * 8 * width;
  const double projections = tokens * 4 * width * width, pairs = 2 * tokens * tokens * width;
  const double feed_forward = tokens * 2 * width * hidden, head = 3 * width;
  expect_cost(model.cost(0), 2 * (patches + projections + pairs + feed_forward + head),
              parameters_of(model));
  EXPECT_DOUBLE_EQ(model.cost(100).operations, model.cost(0).operations);
}

TEST(Cost, of_blocks_that_share_their_weights_has_all_operations_and_reads_each_once) {
  TransformerShape shape = small_shape();
  shape.depth = 3;
  const Classifier apart = images(shape);
  shape.share_depth = true;
  const Classifier shared = images(shape);
  expect_cost(shared.cost(0), apart.cost(0).operations, parameters_of(shared));
}

TEST(Cost, of_texts_grows_with_their_tokens_and_reads_a_vector_for_each) {
  const Classifier model(small_shape(), 100, kThreeClasses, 1);
  const Cost four = model.cost(4), five = model.cost(5);
  EXPECT_DOUBLE_EQ(five.weights - four.weights, 2 * 8);  // a vector and a place
  const double row = 4 * 8 * 8 + 2 * 8 * 12, pairs = 2 * (25 - 16) * 8;
  EXPECT_DOUBLE_EQ(five.operations - four.operations, 2 * 2 * (row + pairs));  // of two blocks
  const Classifier few(small_shape(), 5, kThreeClasses, 1);
  EXPECT_DOUBLE_EQ(few.cost(8).weights, parameters_of(few));
}

TEST(Cost, of_a_sparse_layer_reads_as_many_experts_as_its_tokens_can_reach) {
  TransformerShape shape = mixture_shape("switch");
  shape.depth = 1;
  shape.mixture.experts = 6;
  const auto reads = [&](int64_t tokens) {
    return Classifier(shape, 100, kThreeClasses, 1).cost(tokens).weights;
  };
  const double expert = 2 * 8 * 12 + 12 + 8, token = 2 * 8;
  EXPECT_DOUBLE_EQ(reads(2) - reads(1), expert + token);
  EXPECT_DOUBLE_EQ(reads(6) - reads(1), 5 * (expert + token));
  EXPECT_DOUBLE_EQ(reads(8) - reads(6), 2 * token);
  shape.mixture.route = RouteBy::mean;
  EXPECT_DOUBLE_EQ(reads(8) - reads(1), 7 * token);
}

TEST(Cost, of_a_sparse_layer_has_the_operations_of_the_chosen_and_the_shared) {
  TransformerShape shape = mixture_shape("sigmoid");
  shape.depth = 1;
  const auto operations = [&] { return images(shape).cost(0).operations; };
  const double tokens = 6, expert = 2 * 2 * 8 * 12, gate = 2 * 8;
  const double two_of_three = operations();
  shape.mixture.experts = 5;
  EXPECT_DOUBLE_EQ(operations() - two_of_three, tokens * 2 * gate);  // a score each
  shape.mixture.gate.k = 3;
  EXPECT_DOUBLE_EQ(operations() - two_of_three, tokens * (2 * gate + expert));
  const double without_shared = operations();
  shape.mixture.shared = 2;
  shape.mixture.shared_hidden = 6;
  shape.mixture.shared_gate = true;
  EXPECT_DOUBLE_EQ(operations() - without_shared, tokens * 2 * (expert / 2 + gate));
}

TEST(Cost, of_a_layer_that_decides_by_sentence_has_one_decision) {
  TransformerShape shape = mixture_shape("switch");
  shape.depth = 1;
  const double by_token = images(shape).cost(0).operations;
  shape.mixture.route = RouteBy::first;
  EXPECT_DOUBLE_EQ(by_token - images(shape).cost(0).operations, (6 - 1) * 2 * 8 * 3);
}

TEST(Cost, of_a_translator_is_that_of_both_sides_and_of_every_score) {
  TransformerShape shape = small_shape();
  shape.depth = 1;
  const Translator model(shape, 100, 1);
  const double tokens = 8, row = 4 * 8 * 8, feed_forward = 2 * 8 * 12;
  const double pairs = 2 * 8;  // operations of one, halved
  const double encoder = tokens * (row + feed_forward) + tokens * tokens * pairs;
  const double decoder =
      tokens * (2 * row + feed_forward) + (tokens * (tokens + 1) / 2 + tokens * tokens) * pairs;
  expect_cost(model.cost(8), 2 * (encoder + decoder + tokens * 100 * 8), parameters_of(model));
}

TEST(Cost, does_not_depend_on_the_seed_or_the_precision) {
  const TransformerShape shape = mixture_shape();
  const Classifier one(shape, 11, kThreeClasses, 1), other(shape, 11, kThreeClasses, 2);
  make_exact(other);
  expect_cost(other.cost(5), one.cost(5).operations, one.cost(5).weights);
}

}  // namespace
}  // namespace moestro
