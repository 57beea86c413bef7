#include "moestro/surgery/hidden_layers.h"

#include <map>

#include <gtest/gtest.h>

#include "expert_kinds.h"

namespace moestro {
namespace {

using namespace testing;
using Lines = std::vector<std::string>;

Lines described(const HiddenLayer& layer) {
  EXPECT_EQ(layer.roles.size(), layer.axis.parts.size());
  Lines lines = {fmt::format("{} units", layer.axis.units)};
  for (size_t p = 0; p < layer.roles.size(); ++p) {
    const HiddenAxis::Part& part = layer.axis.parts[p];
    const char* const roles[] = {"makes", "describes", "reads"};
    lines.push_back(fmt::format("{} {}: dim {}, {} + u * {}, {} each",
                                roles[static_cast<int>(layer.roles[p])], part.tensor, part.dim,
                                part.offset, part.stride, part.block));
  }
  return lines;
}

std::vector<Lines> described(const std::vector<HiddenLayer>& layers) {
  std::vector<Lines> all;
  for (const HiddenLayer& layer : layers) all.push_back(described(layer));
  return all;
}

std::vector<Lines> of_list(const std::vector<std::string>& list, const Shape& input) {
  return described(hidden_layers(specs_of(list, input, 4)));
}

TEST(HiddenLayers, of_linear_layers_are_columns_of_one_and_rows_of_the_next) {
  EXPECT_EQ(of_list({"linear 6", "relu", "linear 5 bias=false", "relu", "linear classes"}, {3}),
            (std::vector<Lines>{{"6 units", "makes 0.weight: dim 1, 0 + u * 1, 1 each",
                                 "makes 0.bias: dim 0, 0 + u * 1, 1 each",
                                 "reads 2.weight: dim 0, 0 + u * 1, 1 each"},
                                {"5 units", "makes 2.weight: dim 1, 0 + u * 1, 1 each",
                                 "reads 4.weight: dim 0, 0 + u * 1, 1 each"}}));
}

TEST(HiddenLayers, of_a_convolution_are_blocks_of_rows_behind_a_flatten) {
  const std::vector<Lines> expected = {
      {"3 units", "makes 0.weight: dim 0, 0 + u * 1, 1 each",
       "makes 0.bias: dim 0, 0 + u * 1, 1 each", "reads 3.weight: dim 0, 0 + u * 9, 9 each"},
      {"5 units", "makes 3.weight: dim 1, 0 + u * 1, 1 each",
       "makes 3.bias: dim 0, 0 + u * 1, 1 each", "reads 5.weight: dim 0, 0 + u * 1, 1 each"}};
  EXPECT_EQ(
      of_list({"conv 3 3", "relu", "maxpool 2", "linear 5", "relu", "linear classes"}, {2, 8, 8}),
      expected);
}

TEST(HiddenLayers, of_a_convolution_are_the_inputs_of_the_next) {
  EXPECT_EQ(
      of_list({"conv 3 3", "relu", "conv 5 2", "flatten", "linear classes"}, {1, 4, 4}),
      (std::vector<Lines>{
          {"3 units", "makes 0.weight: dim 0, 0 + u * 1, 1 each",
           "makes 0.bias: dim 0, 0 + u * 1, 1 each", "reads 2.weight: dim 1, 0 + u * 1, 1 each"},
          {"5 units", "makes 2.weight: dim 0, 0 + u * 1, 1 each",
           "makes 2.bias: dim 0, 0 + u * 1, 1 each", "reads 4.weight: dim 0, 0 + u * 1, 1 each"}}));
}

TEST(HiddenLayers, have_the_scale_of_batch_norm_as_maker_and_its_statistics_as_description) {
  const auto units = [](int64_t index, int64_t block) {
    Lines lines;
    for (const char* part : {"makes {}.weight", "makes {}.bias", "describes {}.running_mean",
                             "describes {}.running_var"})
      lines.push_back(fmt::format(fmt::runtime(part), index) +
                      fmt::format(": dim 0, 0 + u * {0}, {0} each", block));
    return lines;
  };
  Lines channels = {"3 units", "makes 0.weight: dim 0, 0 + u * 1, 1 each",
                    "makes 0.bias: dim 0, 0 + u * 1, 1 each"};
  for (const auto& [list, index, block] :
       {std::tuple{Lines{"conv 3 3", "batchnorm", "relu", "linear classes"}, 1, 1},
        std::tuple{Lines{"conv 3 3", "flatten", "batchnorm", "linear classes"}, 2, 4}}) {
    Lines expected = channels;
    for (const std::string& line : units(index, block)) expected.push_back(line);
    expected.push_back("reads 3.weight: dim 0, 0 + u * 4, 4 each");
    EXPECT_EQ(of_list(list, {1, 4, 4}), std::vector<Lines>{expected});
  }
}

TEST(HiddenLayers, are_none_where_one_layer_gives_the_output) {
  EXPECT_TRUE(of_list({"linear classes"}, {3}).empty());
  EXPECT_TRUE(of_list({"batchnorm", "linear classes", "batchnorm", "relu"}, {3}).empty());
  EXPECT_TRUE(of_list({"conv 4 3", "flatten"}, {1, 3, 3}).empty());
  EXPECT_TRUE(of_list({"relu"}, {4}).empty());
}

TEST(HiddenLayers, leave_alone_the_batch_norm_of_inputs_and_outputs) {
  const std::vector<Lines> layers =
      of_list({"batchnorm", "linear 2", "dropout .5", "relu", "linear classes", "batchnorm"}, {3});
  EXPECT_EQ(layers, (std::vector<Lines>{{"2 units", "makes 1.weight: dim 1, 0 + u * 1, 1 each",
                                         "makes 1.bias: dim 0, 0 + u * 1, 1 each",
                                         "reads 4.weight: dim 0, 0 + u * 1, 1 each"}}));
}

TEST(HiddenLayers, of_a_feed_forward_layer_are_one) {
  EXPECT_EQ(described(hidden_layers(FeedForwardShape{4, 6, FeedForwardKind::relu, true})),
            (std::vector<Lines>{{"6 units", "makes up.weight: dim 1, 0 + u * 1, 1 each",
                                 "makes up.bias: dim 0, 0 + u * 1, 1 each",
                                 "reads down.weight: dim 0, 0 + u * 1, 1 each"}}));
  EXPECT_EQ(described(hidden_layers(FeedForwardShape{4, 6, FeedForwardKind::gelu, false})),
            (std::vector<Lines>{{"6 units", "makes up.weight: dim 1, 0 + u * 1, 1 each",
                                 "reads down.weight: dim 0, 0 + u * 1, 1 each"}}));
}

TEST(HiddenLayers, of_swiglu_have_two_columns_a_unit) {
  EXPECT_EQ(described(hidden_layers(FeedForwardShape{4, 6, FeedForwardKind::swiglu, true})),
            (std::vector<Lines>{{"6 units", "makes up.weight: dim 1, 0 + u * 1, 1 each",
                                 "makes up.bias: dim 0, 0 + u * 1, 1 each",
                                 "makes up.weight: dim 1, 6 + u * 1, 1 each",
                                 "makes up.bias: dim 0, 6 + u * 1, 1 each",
                                 "reads down.weight: dim 0, 0 + u * 1, 1 each"}}));
}

// The parts of a layer in one tensor share out a dimension of it.
TEST(HiddenLayers, own_each_entry_of_a_dimension_once) {
  for (const auto& kind : all_kinds()) {
    SCOPED_TRACE(kind->text());
    const ExpertTensors experts = ExpertTensors::stacked(kind->blank(1));
    for (const HiddenLayer& layer : kind->layers()) {
      std::map<std::pair<std::string, int64_t>, std::vector<Tensor>> owned;
      for (const HiddenAxis::Part& part : layer.axis.parts)
        owned[{part.tensor, part.dim}].push_back(
            layer.axis.indices(part, at::arange(layer.axis.units, at::kLong)));
      for (const auto& [place, indices] : owned) {
        const int64_t extent = experts.shape(place.first)[place.second];
        EXPECT_TRUE(std::get<0>(at::cat(indices).sort()).equal(at::arange(extent, at::kLong)))
            << place.first;
      }
    }
  }
}

TEST(TensorPlace, is_of_what_a_tensor_makes_and_reads) {
  const std::vector<HiddenLayer> layers = hidden_layers(specs_of(
      {"conv 3 3", "batchnorm", "relu", "linear 5", "relu", "linear classes"}, {1, 4, 4}, 4));
  const TensorPlace both = place_of("3.weight", layers);
  EXPECT_EQ(both.own, 1);
  EXPECT_EQ(both.own_parts.size(), 1);
  EXPECT_EQ(both.own_parts[0].dim, 1);
  EXPECT_EQ(both.read, 0);
  EXPECT_EQ(both.read_part.dim, 0);
  EXPECT_EQ(both.read_part.block, 4);
  const TensorPlace described = place_of("1.running_var", layers);
  EXPECT_EQ(described.own, 0);
  EXPECT_EQ(described.read, -1);
  const TensorPlace output = place_of("5.weight", layers);
  EXPECT_EQ(output.own, -1);
  EXPECT_EQ(output.read, 1);
  const TensorPlace none = place_of("5.bias", layers);
  EXPECT_EQ(none.own, -1);
  EXPECT_EQ(none.read, -1);
}

TEST(TensorPlace, has_all_parts_of_a_packed_matrix) {
  const auto layers = hidden_layers(FeedForwardShape{4, 6, FeedForwardKind::swiglu, true});
  const TensorPlace place = place_of("up.weight", layers);
  ASSERT_EQ(place.own_parts.size(), 2);
  EXPECT_EQ(place.own_parts[1].offset, 6);
}

}  // namespace
}  // namespace moestro
