#include "nn/kernels/conv_pool.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "gradient_check.h"
#include "thread_count.h"

namespace moestro {
namespace {

using testing::normal;

struct Case {
  int64_t samples, channels, height, width, kernel, pad, filters, experts;
  bool relu;
};

// Odd edges, a single window, more and fewer samples and windows than lanes.
const std::vector<Case> kCases = {
    {1, 1, 4, 4, 3, 0, 1, 0, true},    {16, 1, 28, 28, 3, 0, 5, 5, true},
    {33, 1, 28, 28, 3, 0, 8, 0, true}, {19, 3, 9, 12, 3, 1, 6, 2, true},
    {7, 2, 7, 10, 3, 0, 4, 0, false},  {17, 4, 11, 37, 5, 2, 3, 3, true},
    {40, 1, 12, 12, 5, 0, 2, 1, true}, {5, 3, 32, 32, 3, 1, 2, 0, true},
};

std::string text(const Case& c) {
  return fmt::format("N {} x {}x{}x{}, kernel {} pad {}, G {} E {} relu {}", c.samples, c.channels,
                     c.height, c.width, c.kernel, c.pad, c.filters, c.experts, c.relu);
}

double worst(const Tensor& a, const Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

struct Leaves {
  Tensor x, weight, bias;
  explicit Leaves(const Case& c)
      : x(normal({c.samples, c.channels, c.height, c.width}, 1).to(at::kFloat)),
        weight(normal({c.filters, c.channels, c.kernel, c.kernel}, 2).to(at::kFloat)),
        bias(normal({c.filters}, 3).to(at::kFloat)) {}
  Leaves in(at::ScalarType type) const {
    Leaves other = *this;
    other.x = x.to(type);
    other.weight = weight.detach().to(type, false, /*copy=*/true).requires_grad_();
    other.bias = bias.detach().to(type, false, /*copy=*/true).requires_grad_();
    return other;
  }
};

Tensor layer_by_layer(const Leaves& leaves, const Case& c) {
  const Tensor conv =
      at::conv2d(leaves.x, leaves.weight, leaves.bias, {1, 1}, {c.pad, c.pad}, {1, 1}, 1);
  Tensor out = at::max_pool2d(conv, {2, 2}, {2, 2});
  if (c.relu) out = out.relu();
  if (c.experts == 0) return out;
  return out.reshape({c.samples, c.experts, -1}).transpose(0, 1);
}

Tensor one_pass(const Leaves& leaves, const Case& c, VectorPath path) {
  return conv_pool(image_lanes(leaves.x, c.kernel, c.pad, path), leaves.weight, leaves.bias, c.relu,
                   c.experts);
}

class ConvPoolPaths : public ::testing::TestWithParam<VectorPath> {};

TEST_P(ConvPoolPaths, give_values_and_gradients_of_the_layers_in_turn) {
  for (const Case& c : kCases) {
    const Leaves single = Leaves(c).in(at::kFloat), reference = Leaves(c).in(at::kDouble);
    const Tensor out = one_pass(single, c, GetParam()), expected = layer_by_layer(reference, c);
    ASSERT_EQ(out.sizes(), expected.sizes()) << text(c);
    EXPECT_LT(worst(out, expected), 2e-5) << text(c);

    const Tensor direction = normal(expected.sizes().vec(), 4);
    (out * direction.to(at::kFloat)).sum().backward();
    (expected * direction).sum().backward();
    const double scale = std::sqrt(static_cast<double>(expected.numel()));
    EXPECT_LT(worst(single.weight.grad(), reference.weight.grad()), 2e-6 * scale) << text(c);
    EXPECT_LT(worst(single.bias.grad(), reference.bias.grad()), 2e-6 * scale) << text(c);
  }
}

// Small whole numbers: sums are exact, and many entries of a window are equal.
TEST_P(ConvPoolPaths, let_the_first_of_equal_entries_win) {
  for (const Case& c : kCases) {
    Leaves whole(c);
    for (Tensor* tensor : {&whole.x, &whole.weight, &whole.bias}) *tensor = tensor->round();
    const Leaves single = whole.in(at::kFloat), reference = whole.in(at::kDouble);
    const Tensor out = one_pass(single, c, GetParam()), expected = layer_by_layer(reference, c);
    EXPECT_EQ(worst(out, expected), 0) << text(c);
    const Tensor direction = normal(expected.sizes().vec(), 4).round();
    (out * direction.to(at::kFloat)).sum().backward();
    (expected * direction).sum().backward();
    EXPECT_EQ(worst(single.weight.grad(), reference.weight.grad()), 0) << text(c);
    EXPECT_EQ(worst(single.bias.grad(), reference.bias.grad()), 0) << text(c);
  }
}

TEST_P(ConvPoolPaths, let_nan_win_over_numbers) {
  const Case c = {3, 1, 8, 8, 3, 0, 2, 0, true};
  Leaves leaves(c);
  leaves.x[1][0][2][3] = std::nanf("");
  const Tensor out = one_pass(leaves, c, GetParam()), expected = layer_by_layer(leaves, c);
  EXPECT_TRUE(at::equal(out.isnan(), expected.isnan()));
  EXPECT_EQ(out.isnan().sum().item<int64_t>(), 2 * 4);
}

TEST_P(ConvPoolPaths, keep_nothing_and_give_the_same_where_nothing_learns) {
  const Case& c = kCases[1];
  const Leaves leaves(c);
  const Tensor plain = one_pass(leaves, c, GetParam());
  EXPECT_FALSE(plain.requires_grad());
  EXPECT_TRUE(at::equal(plain, one_pass(leaves.in(at::kFloat), c, GetParam())));
}

TEST_P(ConvPoolPaths, give_the_same_bits_on_any_number_of_threads) {
  const Case& c = kCases[2];
  std::vector<Tensor> outs, gradients;
  const testing::ThreadCountKept kept;
  for (const int count : {1, 2, 2}) {
    at::set_num_threads(count);
    const Leaves leaves = Leaves(c).in(at::kFloat);
    outs.push_back(one_pass(leaves, c, GetParam()));
    outs.back().square().sum().backward();
    gradients.push_back(leaves.weight.grad());
  }
  for (const size_t i : {1, 2}) {
    EXPECT_TRUE(at::equal(outs[i], outs[0]));
    EXPECT_TRUE(at::equal(gradients[i], gradients[0]));
  }
}

TEST_P(ConvPoolPaths, take_images_that_are_a_view) {
  const Case& c = kCases[3];
  Leaves leaves(c);
  const Tensor expected = one_pass(leaves, c, GetParam());
  leaves.x = leaves.x.permute({2, 3, 0, 1}).contiguous().permute({2, 3, 0, 1});
  ASSERT_FALSE(leaves.x.is_contiguous());
  EXPECT_TRUE(at::equal(one_pass(leaves, c, GetParam()), expected));
}

TEST_P(ConvPoolPaths, give_the_moments_of_all_patches) {
  for (const Case& c : kCases) {
    const Tensor x = Leaves(c).x + 3;  // a mean well away from zero
    const PatchMoments moments = patch_moments(image_lanes(x, c.kernel, c.pad, GetParam()));
    const Tensor patches =
        at::im2col(x.to(at::kDouble), {c.kernel, c.kernel}, {1, 1}, {c.pad, c.pad}, {1, 1})
            .transpose(0, 1)
            .flatten(1);
    EXPECT_EQ(moments.count, patches.size(1)) << text(c);
    EXPECT_LT(worst(moments.mean_P, patches.mean(1)), 1e-6) << text(c);
    EXPECT_LT(worst(moments.covariance_PP, at::cov(patches, 0)), 2e-6) << text(c);
  }
}

TEST_P(ConvPoolPaths, refuse_second_derivatives) {
  const Case& c = kCases[0];
  const Leaves leaves = Leaves(c).in(at::kFloat);
  const Tensor out = one_pass(leaves, c, GetParam()).sum();
  EXPECT_ANY_THROW(torch::autograd::grad({out}, {leaves.weight}, {}, true, true));
}

INSTANTIATE_TEST_SUITE_P(All, ConvPoolPaths, ::testing::ValuesIn(vector_paths()),
                         [](const auto& path) {
                           std::string name = path_name(path.param);
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace moestro
