// The first layers in one pass (float32) beside the same layers one by one (float64).
#include <gtest/gtest.h>
#include <torch/csrc/autograd/function.h>

#include "network_fixture.h"

namespace moestro {
namespace {

using namespace testing;

struct Pair {
  Network fused, plain;
};

Pair pair(const std::vector<std::string>& layers, const Shape& input, int64_t experts,
          const std::shared_ptr<const FreezeMask>& frozen = nullptr) {
  Pair pair{Network(specs_of(layers, input), {"net", experts, 1, frozen}),
            network(layers, input, experts, frozen)};
  return pair;
}

bool is_fused(const Network& network) {
  return network.describe()[0].find("one pass over the images") != std::string::npos;
}

// The largest differences of outputs, gradients and buffers after a pass.
void expect_equal_pass(const Pair& pair, const Tensor& x, const ForwardContext& context) {
  const Tensor out = forward_all(pair.fused, x.to(at::kFloat), context),
               expected = forward_all(pair.plain, x, context);
  EXPECT_LT(distance(out.to(at::kDouble), expected), 2e-5);
  const Tensor direction = normal(expected.sizes().vec(), 4);
  (out * direction.to(at::kFloat)).sum().backward();
  (expected * direction).sum().backward();
  const std::vector<Parameter> ours = pair.fused.parameters(), theirs = pair.plain.parameters();
  ASSERT_EQ(ours.size(), theirs.size());
  for (size_t i = 0; i < ours.size(); ++i) {
    const Tensor a = ours[i].value.grad(), b = theirs[i].value.grad();
    ASSERT_EQ(a.defined(), b.defined()) << ours[i].name;
    if (a.defined()) {
      EXPECT_LT(distance(a.to(at::kDouble), b), 2e-4) << ours[i].name;
    }
  }
  const std::vector<Buffer> buffers = pair.fused.buffers(), expected_buffers = pair.plain.buffers();
  for (size_t i = 0; i < buffers.size(); ++i)
    EXPECT_LT(distance(buffers[i].value.to(at::kDouble), expected_buffers[i].value), 1e-5)
        << buffers[i].name;
}

const std::vector<std::string> kNormalised = {"conv 3 3", "batchnorm", "relu",          "maxpool 2",
                                              "linear 6", "relu",      "linear classes"};

TEST(FirstLayers, in_one_pass_equal_the_layers_one_by_one) {
  const std::vector<std::vector<std::string>> lists = {
      kMnistExpert,
      kNormalised,
      {"conv 4 5 pad=2", "maxpool 2", "linear classes"},
      {"conv 2 3 pad=1 bias=false", "batchnorm", "relu", "maxpool 2", "conv 3 3", "relu",
       "linear classes"},
  };
  for (const auto& layers : lists)
    for (const int64_t experts : {1, 3}) {
      const Pair networks = pair(layers, {1, 11, 14}, experts);
      ASSERT_TRUE(is_fused(networks.fused)) << layers[0];
      expect_equal_pass(networks, normal({21, 1, 11, 14}, 5), kTraining);
    }
}

// Names of all nodes that a tensor's gradient passes through.
std::string graph(const Tensor& out) {
  std::string names;
  std::vector<torch::autograd::Node*> left = {out.grad_fn().get()};
  while (!left.empty()) {
    torch::autograd::Node* node = left.back();
    left.pop_back();
    names += node->name() + " ";
    for (const torch::autograd::Edge& edge : node->next_edges())
      if (edge.function) left.push_back(edge.function.get());
  }
  return names;
}

// Not only said to be one pass.
TEST(FirstLayers, are_one_node_of_the_graph) {
  const Pair networks = pair(kNormalised, {1, 10, 10}, 2);
  const Tensor x = normal({4, 1, 10, 10}, 5);
  const std::string fused = graph(forward_all(networks.fused, x.to(at::kFloat), kTraining)),
                    plain = graph(forward_all(networks.plain, x, kTraining));
  EXPECT_NE(fused.find("ConvPool"), std::string::npos) << fused;
  EXPECT_EQ(fused.find("ConvolutionBackward"), std::string::npos) << fused;
  EXPECT_NE(plain.find("ConvolutionBackward"), std::string::npos) << plain;
}

TEST(FirstLayers, fold_running_statistics_in_evaluation) {
  const Pair networks = pair(kNormalised, {2, 9, 9}, 2);
  const Tensor x = 2 * normal({12, 2, 9, 9}, 5) + 1;
  for (int i = 0; i < 3; ++i) expect_equal_pass(networks, x, kTraining);
  for (const Network* network : {&networks.fused, &networks.plain})
    for (const Parameter& parameter : network->parameters())
      parameter.value.mutable_grad() = Tensor();
  expect_equal_pass(networks, x, kEvaluation);
}

TEST(FirstLayers, of_frozen_experts_stay_as_they_are) {
  const auto frozen = std::make_shared<FreezeMask>(FreezeMask{false, true, false});
  const Pair networks = pair(kNormalised, {1, 10, 10}, 3, frozen);
  expect_equal_pass(networks, normal({8, 1, 10, 10}, 5), kTraining);
  const Tensor mean_EC = value_of(networks.fused, "1.running_mean");
  EXPECT_EQ(mean_EC[1].abs().max().item<double>(), 0);
  EXPECT_GT(mean_EC[0].abs().max().item<double>(), 0);
  const Tensor gradient = value_of(networks.fused, "0.weight").grad();
  EXPECT_EQ(gradient[1].abs().max().item<double>(), 0);
  EXPECT_GT(gradient[2].abs().max().item<double>(), 0);
}

TEST(FirstLayers, compute_one_expert_alone) {
  const Pair networks = pair(kMnistExpert, {1, 28, 28}, 4);
  const Tensor x = normal({5, 1, 28, 28}, 5).to(at::kFloat);
  const Tensor all = forward_all(networks.fused, x, kEvaluation);
  const Tensor one = networks.fused.forward(x, {2, 1}, kEvaluation).out_ENC;
  EXPECT_LT(distance(one[0], all[2]), 1e-6);
}

TEST(FirstLayers, give_the_hidden_layer_all_the_same) {
  const Pair networks = pair(kMnistExpert, {1, 28, 28}, 2);
  const Tensor x = normal({5, 1, 28, 28}, 5);
  const NetworkOutput out = networks.fused.forward(x.to(at::kFloat), {0, 2}, kTraining, true),
                      expected = networks.plain.forward(x, {0, 2}, kTraining, true);
  EXPECT_LT(distance(out.hidden_ENF->to(at::kDouble), *expected.hidden_ENF), 1e-5);
}

TEST(FirstLayers, let_the_gradient_of_the_images_through) {
  const Pair networks = pair(kNormalised, {1, 10, 10}, 2);
  const Tensor x = normal({4, 1, 10, 10}, 5), single = x.to(at::kFloat);
  x.set_requires_grad(true);
  single.set_requires_grad(true);
  forward_all(networks.fused, single, kTraining).square().sum().backward();
  forward_all(networks.plain, x, kTraining).square().sum().backward();
  EXPECT_LT(distance(single.grad().to(at::kDouble), x.grad()), 1e-4);
}

TEST(FirstLayers, run_one_by_one_where_the_list_has_another_shape) {
  const std::vector<std::vector<std::string>> lists = {
      {"conv 2 3 stride=2", "maxpool 2", "linear classes"},
      {"conv 2 4", "maxpool 2", "linear classes"},
      {"conv 2 3", "maxpool 3", "linear classes"},
      {"conv 2 3", "avgpool 2", "linear classes"},
      {"conv 2 3", "relu", "linear classes"},
      {"conv 2 3", "relu", "maxpool 2", "linear classes"}};  // the relu's input is the hidden layer
  for (const auto& layers : lists)
    EXPECT_FALSE(is_fused(Network(specs_of(layers, {1, 12, 12}), {"net", 2, 1, nullptr})))
        << layers[0] << ", " << layers[1];
  EXPECT_FALSE(is_fused(Network(specs_of({"conv 2 3", "maxpool 2", "linear classes"}, {5, 12, 12}),
                                {"net", 2, 1, nullptr})));
}

}  // namespace
}  // namespace moestro
