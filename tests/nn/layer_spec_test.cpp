#include "moestro/nn/layer_spec.h"

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::thrown;

const LayerListPlace kPlace = {"r.toml:3: expert.layers", "classes", 10};

std::vector<LayerSpec> parse(const std::vector<std::string>& layers, const Shape& input) {
  return parse_layers(layers, input, kPlace);
}

// Of a list on 1x8x8 images; without what every message begins with.
std::string refusal(const std::vector<std::string>& layers, const Shape& input = {1, 8, 8}) {
  const std::string message = thrown<UserError>([&] { parse(layers, input); });
  const std::string start = kPlace.where;
  return message.starts_with(start) ? message.substr(start.size()) : message;
}

std::string refusal_of(const std::string& layer) {
  const std::string message = refusal({layer, "linear classes"});
  const std::string start = "[0] \"" + layer + "\": ";
  EXPECT_TRUE(message.starts_with(start)) << message;
  return message.substr(std::min(start.size(), message.size()));
}

TEST(LayerSpec, works_out_every_shape) {
  const auto specs = parse(
      {"conv 4 3 pad=1 stride=2 bias=false", "relu", "maxpool 2", "linear classes"}, {3, 9, 8});
  ASSERT_EQ(specs.size(), 5u);  // with the implied flatten
  EXPECT_EQ(specs[0].in, (Shape{3, 9, 8}));
  EXPECT_EQ(specs[0].out, (Shape{4, 5, 4}));
  EXPECT_FALSE(specs[0].bias);
  EXPECT_EQ(specs[2].out, (Shape{4, 2, 2}));
  EXPECT_EQ(specs[3].kind, LayerKind::flatten);
  EXPECT_EQ(specs[3].out, (Shape{16}));
  EXPECT_EQ(specs[4].in, (Shape{16}));
  EXPECT_EQ(specs[4].out, (Shape{10}));
  EXPECT_TRUE(specs[4].bias);
}

TEST(LayerSpec, counts_layers_as_written) {
  const auto specs = parse({"conv 1 3", "linear 4", "linear classes"}, {1, 8, 8});
  ASSERT_EQ(specs.size(), 4u);
  EXPECT_EQ(specs[2].index, 1);
  EXPECT_EQ(specs[2].text, "linear 4");
  EXPECT_EQ(specs[3].index, 2);
}

TEST(LayerSpec, does_not_mind_blanks_and_takes_the_width_by_name_or_number) {
  EXPECT_EQ(parse({"  linear\t10  "}, {4})[0].size, 10);
  EXPECT_EQ(parse({"linear classes"}, {4})[0].size, 10);
  EXPECT_EQ(parse({"dropout 0.25", "linear classes"}, {4})[0].probability, .25);
}

TEST(LayerSpec, points_at_the_layer_and_says_the_shape_that_arrived) {
  EXPECT_EQ(refusal({"conv 8 3", "maxpool 2", "conv 8 3", "maxpool 2", "linear classes"}),
            "[3] \"maxpool 2\": needs at least 2x2 pixels, but 8x1x1 arrives");
  EXPECT_EQ(refusal({"conv 8 9", "linear classes"}),
            "[0] \"conv 8 9\": needs at least 9x9 pixels, but 1x8x8 arrives");
  EXPECT_EQ(refusal({"linear 64", "conv 8 3", "linear classes"}),
            "[1] \"conv 8 3\": needs images (channels x height x width), but 64 arrives");
  EXPECT_EQ(refusal({"linear 64", "flatten", "linear classes"}),
            "[1] \"flatten\": needs images (channels x height x width), but 64 arrives");
  EXPECT_EQ(refusal({"linear 64", "relu"}),
            "[1] \"relu\": gives 64, but the last layer must give 10 values, one for each of the "
            "classes");
  EXPECT_EQ(refusal({"conv 10 3"}),
            "[0] \"conv 10 3\": gives 10x6x6, but the last layer must give 10 values, one for each "
            "of the classes");
}

TEST(LayerSpec, a_border_counts_towards_the_window) {
  EXPECT_EQ(refusal({"conv 8 10 pad=1", "linear classes"}), "(nothing thrown)");
  EXPECT_EQ(refusal({"conv 8 11 pad=1", "linear classes"}),
            "[0] \"conv 8 11 pad=1\": needs at least 9x9 pixels, but 1x8x8 arrives");
}

TEST(LayerSpec, refuses_unknown_words) {
  EXPECT_TRUE(
      refusal_of("convv 8 3")
          .starts_with(
              "unknown layer \"convv\"; did you mean \"conv\"?; expected one of conv, linear"));
  EXPECT_EQ(refusal_of("linear 8 bas=false"),
            "unknown option \"bas\"; did you mean \"bias\"?; expected \"linear WIDTH "
            "[bias=true]\"");
  EXPECT_EQ(refusal_of("maxpool 2 stride=1"),
            "unknown option \"stride\"; expected \"maxpool SIZE\"");
  EXPECT_EQ(refusal_of("linear 8 bias=no"), "bias is no; expected true or false");
  EXPECT_EQ(refusal_of("linear 8 bias=true bias=true"), "option \"bias\" twice");
  EXPECT_EQ(refusal_of(" "), "no layer; expected one such as \"linear 64\"");
}

TEST(LayerSpec, refuses_missing_and_superfluous_numbers) {
  EXPECT_EQ(refusal_of("conv 8"),
            "KERNEL is missing; expected \"conv CHANNELS KERNEL [pad=0] [stride=1] [bias=true]\"");
  EXPECT_EQ(refusal_of("linear"), "WIDTH is missing; expected \"linear WIDTH [bias=true]\"");
  EXPECT_EQ(refusal_of("relu 2"), "\"2\" is too much; expected \"relu\"");
}

TEST(LayerSpec, refuses_numbers_that_are_none_or_out_of_range) {
  EXPECT_EQ(refusal_of("linear experts"),
            "WIDTH is experts; expected a whole number from 1 to 16777216 or \"classes\"");
  for (const char* layer :
       {"linear 1.5", "linear 0", "linear -3", "linear 8x", "linear 99999999999999999999",
        "linear 16777217", "conv 0 3", "conv 8 0", "conv 8 3 pad=3", "conv 8 3 pad=-1",
        "conv 8 3 stride=0", "conv 8 3 pad=", "maxpool 0", "avgpool two"})
    EXPECT_NE(refusal_of(layer).find("; expected a whole number from"), std::string::npos) << layer;
  for (const char* layer : {"dropout 1", "dropout -0.1", "dropout nan", "dropout .5x"})
    EXPECT_NE(refusal_of(layer).find("expected a number of at least 0 and below 1"),
              std::string::npos)
        << layer;
}

TEST(LayerSpec, refuses_more_weights_than_a_machine_holds) {
  EXPECT_EQ(refusal({"linear 16777216", "linear 16777216", "linear classes"}),
            "[1] \"linear 16777216\": 16777216 arrives, and the layer would have 2.8e+14 weights; "
            "expected at most 1.1e+12");
}

TEST(LayerSpec, refuses_an_empty_list_and_samples_of_other_ranks) {
  EXPECT_EQ(refusal({}), ": no layers; expected at least [\"linear classes\"]");
  EXPECT_EQ(refusal({"linear classes"}, {28, 28}),
            ": samples of shape 28x28; expected channels x height x width, or one axis");
}

TEST(LayerSpec, the_last_hidden_layer_is_before_the_last_linear) {
  const auto hidden = [](const std::vector<std::string>& layers) {
    return hidden_layer(parse(layers, {1, 8, 8}));
  };
  EXPECT_EQ(hidden({"linear classes"}), -1);
  EXPECT_EQ(hidden({"linear 8", "relu", "linear classes"}), 2);  // the flatten counts
  EXPECT_EQ(hidden({"conv 1 3", "relu", "maxpool 2", "linear classes"}), 1);
  EXPECT_EQ(hidden({"linear 8", "tanh", "linear 6", "gelu", "dropout 0.1", "linear classes"}), 4);
  EXPECT_EQ(hidden({"linear 8", "sigmoid", "linear classes", "relu"}), 2);
}

TEST(LayerSpec, hidden_layers_count_from_the_last) {
  const std::vector<LayerSpec> specs =
      parse({"conv 1 3", "relu", "linear 8", "tanh", "linear classes"}, {1, 8, 8});
  EXPECT_EQ(hidden_layer(specs, 1), 4);
  EXPECT_EQ(hidden_layer(specs, 2), 1);
  EXPECT_EQ(hidden_layer(specs, 3), -1);
}

// Five inputs: a number, then columns of three and of one category.
const LayerListPlace kTable = {"gate.layers", "experts", 10, {{1, 3}, {4, 1}}};

std::string table_refusal(const std::vector<std::string>& layers) {
  return thrown<UserError>([&] { parse_layers(layers, {5}, kTable); });
}

TEST(LayerSpec, embed_has_a_vector_for_each_categorical_column_beside_the_numbers) {
  const auto specs = parse_layers({"embed 4", "linear experts"}, {5}, kTable);
  EXPECT_EQ(specs[0].kind, LayerKind::embed);
  EXPECT_EQ(specs[0].size, 4);
  ASSERT_EQ(specs[0].categories.size(), 2u);
  EXPECT_EQ(specs[0].out, (Shape{1 + 2 * 4}));
  EXPECT_EQ(specs[1].in, (Shape{9}));
}

TEST(LayerSpec, embed_only_stands_first) {
  EXPECT_EQ(table_refusal({"linear 5", "embed 4", "linear experts"}),
            "gate.layers[1] \"embed 4\": stands behind others; expected as the first layer");
  EXPECT_EQ(table_refusal({"embed 4", "embed 4", "linear experts"}),
            "gate.layers[1] \"embed 4\": stands behind others; expected as the first layer");
}

TEST(LayerSpec, embed_needs_a_table_with_categories) {
  const std::string expected =
      "[0] \"embed 4\": needs categorical columns, but the samples have none; expected a table "
      "with categories";
  EXPECT_EQ(refusal({"embed 4", "linear classes"}), expected);
  EXPECT_EQ(refusal({"embed 4", "linear classes"}, {5}), expected);
}

TEST(LayerSpec, embed_refuses_a_width_that_is_none) {
  for (const char* layer : {"embed 0", "embed -1", "embed 1.5", "embed experts", "embed 16777217"})
    EXPECT_NE(table_refusal({layer, "linear experts"})
                  .find("; expected a whole number from 1 to 16777216"),
              std::string::npos)
        << layer;
  EXPECT_EQ(table_refusal({"embed", "linear experts"}),
            "gate.layers[0] \"embed\": WIDTH is missing; expected \"embed WIDTH\"");
  EXPECT_EQ(table_refusal({"embed 4 bias=true", "linear experts"}),
            "gate.layers[0] \"embed 4 bias=true\": unknown option \"bias\"; expected \"embed "
            "WIDTH\"");
}

TEST(LayerSpec, is_written_with_another_size_and_the_same_options) {
  const auto specs =
      parse({"conv pad=1  4 3", "relu", "linear classes bias=false", "linear classes"}, {1, 8, 8});
  EXPECT_EQ(with_size(specs[0], 80), "conv pad=1 80 3");
  EXPECT_EQ(with_size(specs[3], 7), "linear 7 bias=false");  // behind the implied flatten
  EXPECT_FALSE(has_weights(specs[1]));
}

TEST(LayerSpec, batch_norm_may_keep_the_statistics_of_the_batch) {
  EXPECT_FALSE(parse({"batchnorm", "linear classes"}, {1, 8, 8})[0].batch_statistics);
  EXPECT_FALSE(parse({"batchnorm eval=running", "linear classes"}, {1, 8, 8})[0].batch_statistics);
  EXPECT_TRUE(parse({"batchnorm eval=batch", "linear classes"}, {1, 8, 8})[0].batch_statistics);
  EXPECT_EQ(refusal({"batchnorm eval=x", "linear classes"}, {1, 8, 8}),
            "[0] \"batchnorm eval=x\": eval is x; expected running or batch");
}

}  // namespace
}  // namespace moestro
