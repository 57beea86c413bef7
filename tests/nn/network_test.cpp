#include "moestro/nn/network.h"

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/store/safetensors.h"
#include "network_fixture.h"
#include "test_paths.h"
#include "thrown.h"

namespace moestro {
namespace {

using namespace testing;

int64_t parameter_count(const std::vector<std::string>& layers, const Shape& input, int64_t outputs,
                        int64_t experts = 1) {
  const Network made(specs_of(layers, input, outputs), {"net", experts, 1, nullptr});
  int64_t count = 0;
  for (const Parameter& parameter : made.parameters()) count += parameter.value.numel();
  return count;
}

// The CIFAR-100 set-up of arXiv 2302.14703 with f filters in the first block.
std::vector<std::string> cifar_layers(int64_t f) {
  std::vector<std::string> layers;
  for (int block = 1; block <= 4; ++block, f *= 2) {
    const bool normalised = block % 2 == 0;
    layers.push_back(fmt::format("conv {} 3 pad=1{}", f, normalised ? " bias=false" : ""));
    if (normalised) layers.push_back("batchnorm");
    layers.insert(layers.end(), {"relu", "maxpool 2"});
  }
  layers.insert(layers.end(), {"linear 1024", "relu", "linear 256", "relu", "linear classes"});
  return layers;
}

TEST(Network, has_the_published_parameter_counts) {
  const Shape grey = {1, 28, 28}, colour = {3, 32, 32};
  EXPECT_EQ(parameter_count(kMnistExpert, grey, 10), 1382);
  EXPECT_EQ(parameter_count(kMnistExpert, grey, 10, 5), 5 * 1382);
  EXPECT_EQ(parameter_count({"conv 1 3", "relu", "maxpool 2", "linear 64", "relu", "linear 32",
                             "relu", "linear classes"},
                            grey, 10),
            13300);
  EXPECT_EQ(parameter_count(cifar_layers(16), colour, 100), 911012);
  EXPECT_EQ(parameter_count({"conv 1 3", "relu", "maxpool 2", "linear 128", "relu", "linear 32",
                             "relu", "linear classes"},
                            grey, 5),
            26063);
  EXPECT_EQ(parameter_count({"conv 8 3", "batchnorm", "relu", "maxpool 2", "linear 512", "relu",
                             "linear 32", "relu", "linear classes"},
                            grey, 5),
            709413);
  EXPECT_EQ(parameter_count(cifar_layers(64), colour, 20), 3917332);
}

TEST(Network, names_tensors_by_the_layers_as_written) {
  const Network made =
      network({"conv 2 3", "batchnorm", "linear 4", "linear classes"}, {1, 6, 6}, 3);
  std::vector<std::string> names;
  for (const Parameter& parameter : made.parameters()) names.push_back(parameter.name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"net.0.weight", "net.0.bias", "net.1.weight", "net.1.bias",
                                      "net.2.weight", "net.2.bias", "net.3.weight", "net.3.bias"}));
  EXPECT_EQ(value_of(made, "0.weight").sizes(), (Shape{3, 2, 1, 3, 3}));
  EXPECT_EQ(value_of(made, "0.bias").sizes(), (Shape{3, 2}));
  EXPECT_EQ(value_of(made, "1.running_var").sizes(), (Shape{3, 2}));
  EXPECT_EQ(value_of(made, "2.weight").sizes(), (Shape{3, 32, 4}));
  EXPECT_EQ(value_of(made, "2.bias").sizes(), (Shape{3, 4}));
}

// One expert after PyTorch's functions, from slices of the stacked tensors.
Tensor two_convolutions(const Network& net, int64_t e, const Tensor& x) {
  const auto of = [&](const char* name) { return value_of(net, name)[e]; };
  Tensor h = at::max_pool2d(at::relu(at::conv2d(x, of("0.weight"), of("0.bias"))), {2, 2}, {2, 2});
  h = at::gelu(at::conv2d(h, of("3.weight"), {}, {2, 2}, {1, 1}));
  h = at::avg_pool2d(h, {2, 2}, {2, 2}).flatten(1);
  h = at::tanh(at::matmul(h, of("6.weight")) + of("6.bias"));
  return at::matmul(h, of("8.weight"));
}

TEST(Network, equals_a_loop_over_experts) {
  const std::vector<std::string> layers = {
      "conv 2 3",  "relu",     "maxpool 2", "conv 3 3 pad=1 stride=2 bias=false", "gelu",
      "avgpool 2", "linear 4", "tanh",      "linear classes bias=false"};
  for (const int64_t experts : {1, 3})
    for (const int64_t rows : {1, 5}) {
      const Network made = network(layers, {2, 11, 13}, experts);
      const Tensor x = normal({rows, 2, 11, 13}, 1);
      const Tensor out_ENC = forward_all(made, x, kTraining);
      ASSERT_EQ(out_ENC.sizes(), (Shape{experts, rows, 10}));
      for (int64_t e = 0; e < experts; ++e) {
        EXPECT_LT(distance(out_ENC[e], two_convolutions(made, e, x)), 1e-12);
        const Tensor alone_ENC = made.forward(x, {e, 1}, kTraining).out_ENC;
        EXPECT_LT(distance(out_ENC[e], alone_ENC[0]), 1e-12);
      }
    }
}

TEST(Network, gradients_equal_central_differences) {
  const std::vector<std::vector<std::string>> lists = {
      {"conv 2 3", "tanh", "maxpool 2", "conv 2 2", "batchnorm", "sigmoid", "linear classes"},
      {"dropout 0.3", "conv 1 3 bias=false", "batchnorm", "avgpool 2", "linear classes"},
      {"batchnorm", "linear 3", "batchnorm", "gelu", "dropout 0.5", "linear classes bias=false"}};
  for (const auto& layers : lists) {
    const Network made = network(layers, {1, 6, 7}, 2, nullptr, 3);
    const Tensor x = normal({3, 1, 6, 7}, 1, true), probe = normal({2, 3, 3}, 2);
    std::vector<Tensor> leaves = values_of(made);
    leaves.push_back(x);
    const auto loss = [&] { return (forward_all(made, x, kTraining) * probe).sum(); };
    EXPECT_LT(gradient_error(loss, leaves), 1e-6) << layers[0];
  }
}

TEST(Network, permuted_experts_give_permuted_outputs) {
  const Network made = network(kMnistExpert, {1, 28, 28}, 3);
  const Tensor x = normal({4, 1, 28, 28}, 1), order_E = at::tensor({2, 0, 1}, at::kLong);
  const Tensor before_ENC = forward_all(made, x, kTraining).detach();
  for (Tensor& value : values_of(made)) value.set_data(value.detach().index_select(0, order_E));
  EXPECT_LT(distance(forward_all(made, x, kTraining), before_ENC.index_select(0, order_E)), 1e-13);
}

TEST(Network, gives_the_last_hidden_layer_before_its_activation) {
  const Network rows = network({"linear 3", "relu", "linear classes"}, {4}, 2);
  const Tensor x_ND = normal({5, 4}, 1);
  const NetworkOutput output = rows.forward(x_ND, {0, 2}, kTraining, true);
  ASSERT_TRUE(output.hidden_ENF);
  const Tensor hidden_ENF =
      at::matmul(x_ND, value_of(rows, "0.weight")) + value_of(rows, "0.bias").unsqueeze(1);
  EXPECT_LT(distance(*output.hidden_ENF, hidden_ENF), 1e-13);
  EXPECT_FALSE(rows.forward(x_ND, {0, 2}, kTraining).hidden_ENF);
  EXPECT_FALSE(
      network({"linear classes"}, {4}, 2).forward(x_ND, {0, 2}, kTraining, true).hidden_ENF);

  const Network images = network({"conv 2 3", "relu", "maxpool 2", "linear classes"}, {1, 6, 6}, 2);
  const Tensor x = normal({5, 1, 6, 6}, 1);
  const Tensor of_image_ENF = *images.forward(x, {0, 2}, kTraining, true).hidden_ENF;
  for (int64_t e = 0; e < 2; ++e) {
    const Tensor expected =
        at::conv2d(x, value_of(images, "0.weight")[e], value_of(images, "0.bias")[e]).flatten(1);
    EXPECT_LT(distance(of_image_ENF[e], expected), 1e-13);
  }
}

TEST(Network, experts_without_layers_of_their_own_give_equal_outputs) {
  const Network made = network({"maxpool 2", "flatten"}, {1, 4, 10}, 3);
  const Tensor x = normal({2, 1, 4, 10}, 1);
  const Tensor expected = at::max_pool2d(x, {2, 2}, {2, 2}).flatten(1);
  EXPECT_EQ(distance(forward_all(made, x, kTraining), expected.expand({3, 2, 10})), 0);
}

// tests/reference/expert_network.py
TEST(Network, equals_the_reference_program_of_pytorch) {
  const SafetensorsFile file(std::filesystem::path(kSourceDir) / "tests" / "reference" /
                             "expert_network.safetensors");
  std::vector<std::string> layers = kMnistExpert;
  layers.insert(layers.begin() + 1, "batchnorm");
  const Network made = network(layers, {1, 28, 28}, 3);
  const std::string prefix = "net.";
  for (const Parameter& parameter : made.parameters())
    parameter.value.set_data(file.tensor(parameter.name.substr(prefix.size())).clone());

  const Tensor x = file.tensor("x"), target = file.tensor("target").to(at::kLong);
  const Tensor out_ENC = forward_all(made, x, kTraining);
  EXPECT_LT(distance(out_ENC, file.tensor("training_ENC")), 1e-12);
  at::nll_loss(at::log_softmax(out_ENC, 2).logsumexp(0) - std::log(3.), target).backward();
  for (const Parameter& parameter : made.parameters()) {
    const Tensor expected = file.tensor(parameter.name.substr(prefix.size()) + ".grad");
    EXPECT_LT(distance(parameter.value.grad(), expected), 1e-12) << parameter.name;
  }
  for (const Buffer& buffer : made.buffers())
    EXPECT_LT(distance(buffer.value, file.tensor(buffer.name.substr(prefix.size()))), 1e-12);
  EXPECT_LT(distance(forward_all(made, x, kEvaluation), file.tensor("evaluation_ENC")), 1e-12);
}

TEST(Network, runs_relu_after_a_maxpool_with_the_same_values_and_gradients) {
  const Network made = network({"conv 2 3", "relu", "maxpool 2", "linear 4", "relu", "linear 3"},
                               {1, 7, 7}, 2, nullptr, 3);
  EXPECT_TRUE(made.describe()[0].starts_with("conv 2 3, maxpool 2, relu, flatten: "));
  const Tensor x = normal({5, 1, 7, 7}, 1);
  forward_all(made, x, kTraining).square().sum().backward();
  const std::vector<Tensor> values = values_of(made);

  std::vector<Tensor> plain;
  for (const Tensor& value : values) plain.push_back(value.detach().clone().requires_grad_());
  const Tensor pooled = at::max_pool2d(
      at::conv2d(x, plain[0].flatten(0, 1), plain[1].flatten()).relu(), {2, 2}, {2, 2});
  const Tensor rows_END = pooled.view({5, 2, -1}).transpose(0, 1);
  const Tensor hidden_ENF = at::baddbmm(plain[2 + 1].unsqueeze(1), rows_END, plain[2]).relu();
  at::baddbmm(plain[5].unsqueeze(1), hidden_ENF, plain[4]).square().sum().backward();
  for (size_t i = 0; i < values.size(); ++i)
    EXPECT_LT(distance(values[i].grad(), plain[i].grad()), 1e-12) << i;
}

TEST(Network, keeps_a_relu_before_a_maxpool_whose_input_is_the_hidden_layer) {
  const Network made = network({"conv 2 3", "relu", "maxpool 2", "linear classes"}, {1, 6, 6}, 2);
  EXPECT_EQ(made.describe()[1], "relu");
}

TEST(Network, refuses_samples_of_another_shape) {
  const Network made = network({"linear classes"}, {4}, 2);
  EXPECT_NE(thrown<InternalError>([&] {
              forward_all(made, normal({2, 5}, 1), kTraining);
            }).find("samples of 5 arrive, not 4"),
            std::string::npos);
}

TEST(Network, says_which_kernels_it_picked) {
  const Network made =
      network({"conv 2 3", "relu", "conv 2 3", "batchnorm", "maxpool 2", "linear 3", "linear 16"},
              {1, 8, 8}, 5, nullptr, 16);
  EXPECT_EQ(
      made.describe(),
      (std::vector<std::string>{
          "conv 2 3: one convolution for 5 experts", "relu",
          "conv 2 3: one grouped convolution for 5 experts; "
          "batchnorm: one normalisation of 5 experts x 2 channels; "
          "maxpool 2: own kernel on the CPU; flatten",
          "linear 3: one batched product for 5 experts, transposed on the CPU, since 15 outputs "
          "or fewer do not fill a vector",
          "linear 16: one batched product for 5 experts, since blocks pay from 256 inputs and "
          "128 outputs on"}));
  const std::vector<std::string> padded =
      network({"conv 16 3 pad=1", "maxpool 2", "conv 16 3 pad=1", "linear classes"}, {3, 8, 8}, 5)
          .describe();
  for (const size_t block : {0, 1})
    EXPECT_NE(padded[block].find("on a GPU in bfloat16 by a kernel of our own"), std::string::npos)
        << padded[block];
  EXPECT_EQ(network({"linear classes"}, {4}, 5).describe()[0],
            "linear classes: one product for 5 experts, since they share their rows");
  EXPECT_EQ(network({"linear 128", "relu", "linear classes"}, {256}, 1).describe()[0],
            "linear 128: one product for 1 expert, in blocks from 64 rows on (CPU, float32), since "
            "256 inputs and 128 outputs or more pay for packing them");
}

}  // namespace
}  // namespace moestro
