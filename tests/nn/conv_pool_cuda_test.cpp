// Convolutional blocks on a GPU beside the same layers one by one, on the CPU in float64.
#include <gtest/gtest.h>

#include "cuda_device.h"
#include "network_fixture.h"
#include "nn/kernels/pool_block.h"

namespace moestro::testing {
namespace {

const std::vector<std::string> kBlocks = {
    "conv 8 3 pad=1", "relu",      "maxpool 2",     "conv 8 3 pad=1 bias=false",
    "batchnorm",      "relu",      "maxpool 2",     "conv 16 3 pad=1",
    "batchnorm",      "maxpool 2", "linear classes"};

struct Pair {
  Network there, here;
};

Pair pair(int64_t experts, const std::shared_ptr<const FreezeMask>& frozen = nullptr) {
  Pair pair{Network(specs_of(kBlocks, {3, 16, 16}), {"net", experts, 1, frozen}),
            network(kBlocks, {3, 16, 16}, experts, frozen)};
  const c10::NoGradGuard no_gradients;
  for (Network* each : {&pair.there, &pair.here})
    for (const Parameter& parameter : each->parameters())
      // Some scales of batch norm below zero: the largest of a window is then the smallest before.
      if (parameter.name == "net.4.weight") parameter.value.select(1, 2).fill_(-.7);
  convert(pair.there.parameters(), pair.there.buffers(), c10::Device(c10::kCUDA));
  return pair;
}

void expect_equal_pass(const Pair& pair, const ForwardContext& context) {
  const Tensor x = normal({12, 3, 16, 16}, 5);
  const Tensor out = forward_all(pair.there, x.to(at::kFloat).cuda(), context),
               expected = forward_all(pair.here, x, context);
  EXPECT_LT(distance(out.to(at::kDouble).cpu(), expected), 2e-4);
  const std::vector<Buffer> buffers = pair.there.buffers(), expected_buffers = pair.here.buffers();
  for (size_t i = 0; i < buffers.size(); ++i)
    EXPECT_LT(distance(buffers[i].value.to(at::kDouble).cpu(), expected_buffers[i].value), 1e-4)
        << buffers[i].name;
  const Tensor direction = normal(expected.sizes().vec(), 4);
  if (!expected.requires_grad()) return;
  (out * direction.to(at::kFloat).cuda()).sum().backward();
  (expected * direction).sum().backward();
  const std::vector<Parameter> ours = pair.there.parameters(), theirs = pair.here.parameters();
  for (size_t i = 0; i < ours.size(); ++i) {
    const Tensor a = ours[i].value.grad(), b = theirs[i].value.grad();
    ASSERT_EQ(a.defined(), b.defined()) << ours[i].name;
    if (!a.defined()) continue;
    EXPECT_LT(distance(a.to(at::kDouble).cpu(), b), 2e-3 * (1 + b.abs().max().item<double>()))
        << ours[i].name;
  }
}

class ConvPoolOnCuda : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_cuda()) GTEST_SKIP() << "no CUDA device";
    at::globalContext().setAllowTF32CuDNN(false);
    at::globalContext().setAllowTF32CuBLAS(false);
  }
};

TEST_F(ConvPoolOnCuda, agrees_with_the_layers_one_by_one) {
  for (const int64_t experts : {1, 3}) {
    const Pair networks = pair(experts);
    expect_equal_pass(networks, kTraining);
    for (const Network* network : {&networks.there, &networks.here})
      for (const Parameter& parameter : network->parameters())
        parameter.value.mutable_grad() = Tensor();
    expect_equal_pass(networks, kEvaluation);
  }
}

TEST_F(ConvPoolOnCuda, leaves_frozen_experts_as_they_are) {
  expect_equal_pass(pair(3, std::make_shared<FreezeMask>(FreezeMask{false, true, false})),
                    kTraining);
  expect_equal_pass(pair(2, std::make_shared<FreezeMask>(FreezeMask{true, true})), kTraining);
}

TEST_F(ConvPoolOnCuda, one_expert_alone_is_the_slice_of_all) {
  const Network& network = pair(3).there;
  const Tensor x = normal({4, 3, 16, 16}, 5).to(at::kFloat).cuda();
  const Tensor one = network.forward(x, {1, 1}, kEvaluation).out_ENC;
  EXPECT_LT(distance(one[0], forward_all(network, x, kEvaluation)[1]), 1e-4);
}

// Whole numbers: many entries of a window are equal, and bfloat16 holds them exactly.
TEST_F(ConvPoolOnCuda, pools_as_libtorch_does_also_where_entries_are_equal) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    const auto last = at::MemoryFormat::ChannelsLast;
    const Tensor values = (2 * normal({5, 24, 6, 10}, 7)).round().to(at::kFloat).cuda();
    const Tensor bias = (2 * normal({24}, 8)).round().to(at::kFloat).cuda().requires_grad_();
    const Tensor x = values.to(type).contiguous(last).requires_grad_();
    const Tensor plain_x = values.detach().clone().requires_grad_(),
                 plain_bias = bias.detach().clone().requires_grad_();
    ASSERT_TRUE(pool_block_fits(x, x.sizes().vec())) << "built without CUDA's toolkit";
    for (const bool relu : {false, true}) {
      for (const Tensor& leaf : {x, bias, plain_x, plain_bias}) leaf.mutable_grad() = Tensor();
      const Tensor y = pool_block(x, {.bias_G = bias}, relu);
      Tensor expected = at::max_pool2d(plain_x + plain_bias.view({1, -1, 1, 1}), {2, 2});
      if (relu) expected = expected.relu();
      EXPECT_TRUE(at::equal(y.to(at::kFloat), expected));
      const Tensor direction = (3 * normal({5, 24, 3, 5}, 9)).round().to(at::kFloat).cuda();
      (y.to(at::kFloat) * direction).sum().backward();
      (expected * direction).sum().backward();
      EXPECT_TRUE(at::equal(x.grad().to(at::kFloat), plain_x.grad()));
      EXPECT_LT(distance(bias.grad(), plain_bias.grad()), 1e-3);
    }
  }
}

// Batch norm of bfloat16 images, against float64 on the same rounded ones.
TEST_F(ConvPoolOnCuda, normalises_bfloat16_by_their_own_statistics) {
  const Tensor x = (3 * normal({16, 24, 8, 8}, 7) + 1).to(at::kBFloat16).cuda();
  const Tensor images = x.contiguous(at::MemoryFormat::ChannelsLast).requires_grad_();
  const Tensor weight = normal({24}, 8).to(at::kFloat).cuda().requires_grad_(),
               bias = normal({24}, 9).to(at::kFloat).cuda().requires_grad_();
  const auto [mean, rstd] = at::batch_norm_stats(images.detach(), 1e-5);
  const Tensor y = pool_block(images, {weight, bias, mean, rstd, true}, true);
  const Tensor x64 = x.to(at::kDouble).detach().clone().requires_grad_(),
               weight64 = weight.detach().to(at::kDouble).requires_grad_(),
               bias64 = bias.detach().to(at::kDouble).requires_grad_();
  const Tensor z = at::batch_norm(x64, weight64, bias64, {}, {}, true, .1, 1e-5, false);
  const Tensor expected = at::max_pool2d(z, {2, 2}).relu();
  const auto near = [](const Tensor& a, const Tensor& b, double tolerance) {
    const Tensor b64 = b.to(at::kDouble);
    EXPECT_LT(distance(a.to(at::kDouble), b64), tolerance * (1 + b64.abs().max().item<double>()));
  };
  near(y, expected, 5e-3);  // a rounding of bfloat16
  const Tensor direction = normal(expected.sizes().vec(), 10).cuda();
  (y.to(at::kDouble) * direction).sum().backward();
  (expected * direction).sum().backward();
  near(images.grad(), x64.grad(), 1e-2);
  near(weight.grad(), weight64.grad(), 1e-2);
  near(bias.grad(), bias64.grad(), 1e-2);
}

TEST_F(ConvPoolOnCuda, leaves_what_does_not_fit_to_the_layers) {
  const Tensor like = at::empty({1}).cuda();
  EXPECT_TRUE(pool_block_fits(like, {2, 8, 4, 4}));
  EXPECT_FALSE(pool_block_fits(like, {2, 8, 5, 4}));  // an odd line is pooled with none
  EXPECT_FALSE(pool_block_fits(like, {2, 6, 4, 4}));
  EXPECT_FALSE(pool_block_fits(like, {0, 8, 4, 4}));
  EXPECT_FALSE(pool_block_fits(like.to(at::kDouble), {2, 8, 4, 4}));
  EXPECT_FALSE(pool_block_fits(at::empty({1}), {2, 8, 4, 4}));
  const std::vector<std::string> layers = {"conv 6 3 pad=1", "relu", "maxpool 2", "linear classes"};
  const Network there(specs_of(layers, {3, 7, 9}), {"net", 3, 1, nullptr});
  const Network here = network(layers, {3, 7, 9}, 3);
  convert(there.parameters(), there.buffers(), c10::Device(c10::kCUDA));
  const Tensor x = normal({5, 3, 7, 9}, 5);
  EXPECT_LT(distance(forward_all(there, x.to(at::kFloat).cuda(), kTraining).to(at::kDouble).cpu(),
                     forward_all(here, x, kTraining)),
            1e-4);
}

TEST_F(ConvPoolOnCuda, lets_nan_win) {
  const Tensor x = at::zeros({1, 8, 2, 2}).cuda();
  x[0][3][1][0] = NAN;
  const Tensor y = pool_block(x, {}, true);
  EXPECT_TRUE(y[0][3].isnan().all().item<bool>());
  EXPECT_EQ(y.isnan().sum().item<int64_t>(), 1);
}

}  // namespace
}  // namespace moestro::testing
