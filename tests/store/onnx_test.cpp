#include "moestro/store/onnx.h"

#include <bit>
#include <cstring>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "store/expect_error.h"
#include "store/limited_file_size.h"
#include "store/protobuf_fields.h"
#include "store/temporary_folder.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::ProtobufFields;

// y = softmax(x W) for any batch.
OnnxGraph small_graph() {
  OnnxGraph graph;
  graph.name = "small";
  graph.inputs = {{"x", at::kFloat, {"batch", 2}, "two numbers"}};
  graph.outputs = {{"y", at::kFloat, {"batch", 3}}};
  graph.initializers = {{"w", at::arange(6, at::kFloat).view({2, 3})},
                        {"none", at::empty({0}, at::kLong)}};
  graph.nodes = {{"MatMul", {"x", "w"}, {"z"}, {}},
                 {"Softmax", {"z"}, {"y"}, {{"axis", int64_t{-1}}}}};
  graph.metadata = {{"key", "a value"}};
  return graph;
}

ProtobufFields written(const OnnxGraph& graph) {
  const testing::TemporaryFolder folder;
  write_onnx(folder / "x.onnx", graph);
  EXPECT_EQ(folder.entries(), 1u);
  return ProtobufFields(testing::get(folder / "x.onnx"));
}

TEST(Onnx, model_says_its_operator_set_its_maker_and_its_metadata) {
  const ProtobufFields model = written(small_graph());
  EXPECT_EQ(model.number(1), 8u);
  EXPECT_EQ(model.content(2), "moestro");
  EXPECT_EQ(model.message(8).number(2), 17u);
  EXPECT_EQ(model.message(14).content(1), "key");
  EXPECT_EQ(model.message(14).content(2), "a value");
}

TEST(Onnx, nodes_name_their_inputs_outputs_and_attributes) {
  const ProtobufFields graph = written(small_graph()).message(7);
  EXPECT_EQ(graph.content(2), "small");
  ASSERT_EQ(graph.contents.at(1).size(), 2u);
  const ProtobufFields product(graph.contents.at(1)[0]), softmax(graph.contents.at(1)[1]);
  EXPECT_EQ(product.contents.at(1), (std::vector<std::string>{"x", "w"}));
  EXPECT_EQ(product.content(2), "z");
  EXPECT_EQ(product.content(4), "MatMul");
  const ProtobufFields axis = softmax.message(5);
  EXPECT_EQ(axis.content(1), "axis");
  EXPECT_EQ(static_cast<int64_t>(axis.number(3)), -1);
  EXPECT_EQ(axis.number(20), 2u);  // AttributeProto.INT
}

TEST(Onnx, attributes_are_whole_numbers_real_ones_or_lists) {
  OnnxGraph graph = small_graph();
  graph.nodes[1].attributes = {{"epsilon", 1e-5}, {"pads", std::vector<int64_t>{0, 1}}};
  const ProtobufFields node(written(graph).message(7).contents.at(1)[1]);
  const ProtobufFields real(node.contents.at(5)[0]), list(node.contents.at(5)[1]);
  const auto bits = static_cast<uint32_t>(real.number(2));
  EXPECT_EQ(std::bit_cast<float>(bits), 1e-5f);
  EXPECT_EQ(real.number(20), 1u);
  EXPECT_EQ(list.numbers.at(8), (std::vector<uint64_t>{0, 1}));
  EXPECT_EQ(list.number(20), 7u);
}

TEST(Onnx, inputs_say_type_and_shape_with_names_of_what_may_vary) {
  const ProtobufFields graph = written(small_graph()).message(7), input = graph.message(11);
  EXPECT_EQ(input.content(1), "x");
  EXPECT_EQ(input.content(3), "two numbers");
  const ProtobufFields type = input.message(2).message(1), shape = type.message(2);
  EXPECT_EQ(type.number(1), 1u);
  ASSERT_EQ(shape.contents.at(1).size(), 2u);
  EXPECT_EQ(ProtobufFields(shape.contents.at(1)[0]).content(2), "batch");
  EXPECT_EQ(ProtobufFields(shape.contents.at(1)[1]).number(1), 2u);
  EXPECT_EQ(graph.message(12).content(1), "y");
}

TEST(Onnx, constants_have_their_numbers_whatever_their_strides) {
  OnnxGraph graph = small_graph();
  graph.initializers[0].second = at::arange(6, at::kFloat).view({3, 2}).t();
  const ProtobufFields fields = written(graph).message(7);
  const ProtobufFields weight(fields.contents.at(5)[0]), none(fields.contents.at(5)[1]);
  EXPECT_EQ(weight.numbers.at(1), (std::vector<uint64_t>{2, 3}));
  EXPECT_EQ(weight.number(2), 1u);
  EXPECT_EQ(weight.content(8), "w");
  const float expected[] = {0, 2, 4, 1, 3, 5};
  ASSERT_EQ(weight.content(9).size(), sizeof expected);
  EXPECT_EQ(std::memcmp(weight.content(9).data(), expected, sizeof expected), 0);
  EXPECT_EQ(none.number(2), 7u);
  EXPECT_EQ(none.content(9), "");
}

TEST(Onnx, two_gibibytes_are_refused_before_anything_is_written) {
  const testing::TemporaryFolder folder;
  OnnxGraph graph = small_graph();
  graph.initializers[0].second = at::zeros({1}).expand({int64_t{1} << 29});  // takes no memory
  EXPECT_TRUE(testing::ends_with(
      testing::thrown<UserError>([&] { write_onnx(folder / "x.onnx", graph); }),
      "x.onnx: 2.0 GiB; expected less than 2 GiB for an ONNX file, or a name that ends in "
      ".safetensors"));
  EXPECT_EQ(folder.entries(), 0u);
}

TEST(Onnx, a_full_disk_leaves_the_old_file) {
  const testing::TemporaryFolder folder;
  testing::put(folder / "x.onnx", "old");
  OnnxGraph graph = small_graph();
  graph.initializers[0].second = at::zeros({2, 3000});
  testing::LimitedFileSize limit(1000);
  EXPECT_THROW(write_onnx(folder / "x.onnx", graph), SystemError);
  EXPECT_EQ(testing::get(folder / "x.onnx"), "old");
  EXPECT_EQ(folder.entries(), 1u);
}

TEST(Onnx, graphs_that_no_program_could_run_are_bugs) {
  const testing::TemporaryFolder folder;
  const auto refused = [&](const OnnxGraph& graph) {
    EXPECT_THROW(write_onnx(folder / "x.onnx", graph), InternalError);
  };
  OnnxGraph graph = small_graph();
  std::swap(graph.nodes[0], graph.nodes[1]);
  refused(graph);
  graph = small_graph();
  graph.nodes[0].outputs = {"x"};
  refused(graph);
  graph = small_graph();
  graph.outputs[0].name = "v";
  refused(graph);
  graph = small_graph();
  graph.initializers[0].second = at::zeros({2, 3}, at::kDouble);
  refused(graph);
  EXPECT_EQ(folder.entries(), 0u);
}

}  // namespace
}  // namespace moestro
