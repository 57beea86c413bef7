// Our convolutions on a GPU beside LibTorch's in float64, on the CPU and of the same rounded
// numbers.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "cuda_device.h"
#include "network_fixture.h"
#include "nn/kernels/channel_moments.h"
#include "nn/kernels/expert_conv.h"
#include "nn/kernels/image_block.h"

namespace moestro::testing {
namespace {

Tensor rounded(const Shape& shape, uint64_t seed, double scale = 1) {
  return (scale * normal(shape, seed)).to(at::kBFloat16);
}

Tensor exact(const Tensor& x) {
  return x.detach().to(at::kDouble).cpu();
}

// The largest difference in units of the largest entry.
double relative(const Tensor& a, const Tensor& b) {
  return distance(exact(a), b) / b.abs().max().item<double>();
}

constexpr double kRounding = 1. / 128;  // of bfloat16, twice

class ExpertConvOnCuda : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_cuda()) GTEST_SKIP() << "no CUDA device";
  }
};

struct ConvCase {
  int64_t images, height, width, experts, in, out;
};

TEST_F(ExpertConvOnCuda, agrees_with_the_grouped_convolution) {
  // Of the large ones a block takes several rounds.
  const std::vector<ConvCase> cases = {
      {7, 16, 16, 3, 16, 32},   {9, 8, 8, 2, 32, 64},     {19, 4, 4, 2, 64, 128},
      {5, 6, 10, 3, 16, 16},    {7, 5, 3, 2, 32, 16},     {3, 20, 12, 2, 16, 64},
      {9, 4, 4, 3, 128, 64},    {2, 2, 2, 2, 128, 128},   {1, 1, 1, 2, 16, 16},
      {64, 16, 16, 20, 16, 32}, {300, 4, 4, 20, 64, 128}, {2, 32, 32, 2, 16, 16},
      {9, 4, 4, 3, 128, 16},    {9, 8, 8, 3, 32, 32}};
  for (const ConvCase& c : cases) {
    SCOPED_TRACE(fmt::format("{} images of {} x {}, {} experts, {} to {}", c.images, c.height,
                             c.width, c.experts, c.in, c.out));
    const Tensor x = rounded({c.images, c.experts * c.in, c.height, c.width}, 1);
    const Tensor weight = rounded({c.experts, c.out, c.in, 3, 3}, 2).to(at::kFloat);
    const Tensor grad_y = rounded({c.images, c.experts * c.out, c.height, c.width}, 3);
    const Tensor x64 = exact(x).requires_grad_(), weight64 = exact(weight).requires_grad_();
    const Tensor expected = at::conv2d(x64, weight64.flatten(0, 1), {}, 1, 1, 1, c.experts);
    expected.backward(exact(grad_y));

    const Tensor ours_x = x.cuda().requires_grad_(), ours_weight = weight.cuda().requires_grad_();
    ASSERT_TRUE(expert_conv_fits(ours_x, x.sizes().vec(), c.experts, c.out))
        << "built without CUDA's toolkit";
    const Tensor y = expert_conv(ours_x, ours_weight);
    y.backward(grad_y.cuda());
    EXPECT_LT(relative(y, expected.detach()), kRounding);
    EXPECT_LT(relative(ours_x.grad(), x64.grad()), kRounding);
    EXPECT_LT(relative(ours_weight.grad(), weight64.grad()), 1e-5);
    EXPECT_TRUE(at::equal(y, expert_conv(ours_x, ours_weight)));
  }
}

TEST_F(ExpertConvOnCuda, leaves_what_does_not_fit) {
  const Tensor like = at::empty({1}, at::kBFloat16).cuda();
  EXPECT_TRUE(expert_conv_fits(like, {4, 2 * 16, 8, 8}, 2, 32));
  EXPECT_FALSE(expert_conv_fits(like, {0, 2 * 16, 8, 8}, 2, 32));
  EXPECT_FALSE(expert_conv_fits(like, {4, 2 * 24, 8, 8}, 2, 32));
  EXPECT_FALSE(expert_conv_fits(like, {4, 2 * 16, 8, 8}, 2, 24));
  EXPECT_FALSE(expert_conv_fits(like, {4, 2 * 64, 64, 64}, 2, 64));  // more than shared memory
  EXPECT_FALSE(expert_conv_fits(like.to(at::kFloat), {4, 2 * 16, 8, 8}, 2, 32));
  EXPECT_FALSE(expert_conv_fits(like.cpu(), {4, 2 * 16, 8, 8}, 2, 32));
}

struct ImageCase {
  int64_t images, channels, height, width, filters;
};

TEST_F(ExpertConvOnCuda, first_blocks_agree_with_convolution_pooling_and_relu) {
  const std::vector<ImageCase> cases = {{5, 3, 32, 32, 320}, {3, 1, 28, 32, 64},
                                        {4, 3, 10, 16, 128}, {2, 2, 6, 128, 64},
                                        {1, 3, 2, 16, 64},   {130, 3, 32, 32, 320}};
  for (const ImageCase& c : cases)
    for (const bool relu : {false, true}) {
      SCOPED_TRACE(fmt::format("{} images of {} x {} x {}, {} filters", c.images, c.channels,
                               c.height, c.width, c.filters));
      const Tensor x = rounded({c.images, c.channels, c.height, c.width}, 1);
      const Tensor weight = rounded({c.filters, c.channels * 9}, 2).to(at::kFloat);
      const Tensor bias = normal({c.filters}, 3).to(at::kFloat);
      const Tensor grad_y = rounded({c.images, c.filters, c.height / 2, c.width / 2}, 4);
      const Tensor weight64 = exact(weight).requires_grad_(), bias64 = exact(bias).requires_grad_();
      Tensor expected = at::max_pool2d(
          at::conv2d(exact(x), weight64.view({-1, c.channels, 3, 3}), bias64, 1, 1), 2);
      if (relu) expected = expected.relu();
      expected.backward(exact(grad_y));

      const Tensor ours_weight = weight.cuda().requires_grad_(),
                   ours_bias = bias.cuda().requires_grad_();
      ASSERT_TRUE(image_block_fits(x.cuda(), x.sizes().vec(), c.filters))
          << "built without CUDA's toolkit";
      const Tensor y = image_block(x.cuda(), ours_weight, ours_bias, relu);
      y.backward(grad_y.cuda());
      EXPECT_LT(relative(y, expected.detach()), kRounding);
      EXPECT_LT(relative(ours_weight.grad(), weight64.grad()), 1e-5);
      EXPECT_LT(relative(ours_bias.grad(), bias64.grad()), 1e-5);
    }
}

TEST_F(ExpertConvOnCuda, first_blocks_leave_what_does_not_fit) {
  const Tensor like = at::empty({1}, at::kBFloat16).cuda();
  EXPECT_TRUE(image_block_fits(like, {2, 3, 8, 32}, 64));
  EXPECT_FALSE(image_block_fits(like, {0, 3, 8, 32}, 64));
  EXPECT_FALSE(image_block_fits(like, {2, 4, 8, 32}, 64));
  EXPECT_FALSE(image_block_fits(like, {2, 3, 7, 32}, 64));
  EXPECT_FALSE(image_block_fits(like, {2, 3, 8, 28}, 64));
  EXPECT_FALSE(image_block_fits(like, {2, 3, 8, 256}, 64));
  EXPECT_FALSE(image_block_fits(like, {2, 3, 8, 32}, 48));
  EXPECT_FALSE(image_block_fits(like, {2, 3, 8, 32}, 64000));  // more than shared memory
  EXPECT_FALSE(image_block_fits(like.to(at::kFloat), {2, 3, 8, 32}, 64));
  EXPECT_FALSE(image_block_fits(like.cpu(), {2, 3, 8, 32}, 64));
}

// All of it in one network, which in bfloat16 differs by roundings alone.
TEST_F(ExpertConvOnCuda, a_network_in_bfloat16_is_close_to_the_exact_one) {
  const std::vector<std::string> layers = {"conv 16 3 pad=1",
                                           "relu",
                                           "maxpool 2",
                                           "conv 32 3 pad=1 bias=false",
                                           "batchnorm",
                                           "relu",
                                           "maxpool 2",
                                           "conv 64 3 pad=1",
                                           "relu",
                                           "maxpool 2",
                                           "linear classes"};
  const Network there(specs_of(layers, {3, 32, 32}), {"net", 4, 1, nullptr}),
      here = network(layers, {3, 32, 32}, 4);
  convert(there.parameters(), there.buffers(), c10::Device(c10::kCUDA));
  const Tensor x = rounded({24, 3, 32, 32}, 5);
  const Tensor out = forward_all(there, x.cuda(), kTraining),
               expected = forward_all(here, exact(x), kTraining);
  EXPECT_LT(relative(out, expected.detach()), .02);
  const Tensor direction = normal(expected.sizes().vec(), 6);
  (out.to(at::kDouble) * direction.cuda()).sum().backward();
  (expected * direction).sum().backward();
  const std::vector<Parameter> ours = there.parameters(), theirs = here.parameters();
  for (size_t i = 0; i < ours.size(); ++i) {
    const Tensor a = exact(ours[i].value.grad()), b = theirs[i].value.grad();
    EXPECT_LT((a - b).norm().item<double>(), .25 * b.norm().item<double>()) << ours[i].name;
  }
}

TEST_F(ExpertConvOnCuda, moments_are_exact_also_far_from_zero) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16})
    for (const Shape& shape : {Shape{16, 640, 16, 16}, Shape{3, 24, 5, 7}, Shape{1, 8, 1, 2}}) {
      const Tensor offset = 1000 * normal({1, shape[1], 1, 1}, 1);
      const Tensor x =
          (normal(shape, 2) + offset).to(type).cuda().contiguous(at::MemoryFormat::ChannelsLast);
      const Moments moments = channel_moments(x);
      const Tensor x64 = exact(x);
      EXPECT_LT(relative(moments.mean_G, x64.mean(Shape{0, 2, 3})), 1e-6);
      EXPECT_LT(relative(moments.variance_G, x64.var(Shape{0, 2, 3}, false)), 1e-4);
    }
}

}  // namespace
}  // namespace moestro::testing
