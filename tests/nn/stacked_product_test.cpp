#include "nn/kernels/stacked_product.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "network_fixture.h"
#include "thread_count.h"

namespace moestro {
namespace {

using namespace testing;

struct Case {
  int64_t experts, rows, depth, width;
  bool bias;
};

// Strips and blocks that are full, cut, and of one column or row; a depth beyond one step.
const std::vector<Case> kCases = {{1, 1, 1, 1, true},      {3, 7, 5, 9, false},
                                  {2, 64, 128, 64, true},  {1, 257, 33, 65, true},
                                  {5, 100, 31, 130, true}, {1, 520, 1100, 70, false}};

std::string text(const Case& c) {
  return fmt::format("E {} N {} D {} F {}", c.experts, c.rows, c.depth, c.width);
}

struct Leaves {
  Tensor x_END, weight_EDF, bias_EF;
  explicit Leaves(const Case& c)
      : x_END(normal({c.experts, c.rows, c.depth}, 1, true)),
        weight_EDF(normal({c.experts, c.depth, c.width}, 2, true)),
        bias_EF(c.bias ? normal({c.experts, c.width}, 3, true) : Tensor()) {}
  Leaves in_single() const {
    Leaves other = *this;
    for (Tensor* leaf : {&other.x_END, &other.weight_EDF, &other.bias_EF})
      if (leaf->defined()) *leaf = leaf->detach().to(at::kFloat).requires_grad_();
    return other;
  }
};

double error(const Tensor& ours, const Tensor& expected) {
  return distance(ours.to(at::kDouble), expected) / expected.abs().max().item<double>();
}

TEST(StackedProduct, gives_values_and_gradients_of_the_batched_product) {
  for (const Case& c : kCases) {
    const Leaves reference(c), single = reference.in_single();
    Tensor expected = at::bmm(reference.x_END, reference.weight_EDF);
    if (c.bias) expected = expected + reference.bias_EF.unsqueeze(1);
    const Tensor out = stacked_product(single.x_END, single.weight_EDF, single.bias_EF);
    EXPECT_LT(error(out, expected), 2e-6) << text(c);

    const Tensor direction = normal(expected.sizes().vec(), 4);
    (expected * direction).sum().backward();
    (out * direction.to(at::kFloat)).sum().backward();
    EXPECT_LT(error(single.x_END.grad(), reference.x_END.grad()), 2e-6) << text(c);
    EXPECT_LT(error(single.weight_EDF.grad(), reference.weight_EDF.grad()), 2e-6) << text(c);
    if (c.bias) {
      EXPECT_LT(error(single.bias_EF.grad(), reference.bias_EF.grad()), 2e-6) << text(c);
    }
  }
}

TEST(StackedProduct, takes_operands_that_are_views) {
  const Leaves leaves = Leaves(kCases[1]).in_single();
  const Tensor out = stacked_product(leaves.x_END, leaves.weight_EDF, {});
  const Tensor x = leaves.x_END.transpose(0, 1).contiguous().transpose(0, 1),
               weight = leaves.weight_EDF.transpose(1, 2).contiguous().transpose(1, 2);
  ASSERT_FALSE(x.is_contiguous() || weight.is_contiguous());
  EXPECT_TRUE(at::equal(stacked_product(x, weight, {}), out));
}

TEST(StackedProduct, gives_no_gradient_that_nobody_asked_for) {
  const Leaves leaves = Leaves(kCases[2]).in_single();
  stacked_product(leaves.x_END.detach(), leaves.weight_EDF, leaves.bias_EF).sum().backward();
  EXPECT_FALSE(leaves.x_END.grad().defined());
  EXPECT_TRUE(leaves.weight_EDF.grad().defined());
}

TEST(StackedProduct, gives_the_same_bits_on_any_number_of_threads) {
  const testing::ThreadCountKept kept;
  std::vector<Tensor> all;
  for (const int count : {1, 2, 2}) {
    at::set_num_threads(count);
    const Leaves leaves = Leaves(kCases[4]).in_single();
    const Tensor out = stacked_product(leaves.x_END, leaves.weight_EDF, leaves.bias_EF);
    out.square().sum().backward();
    all.push_back(at::cat({out.detach().flatten(), leaves.x_END.grad().flatten(),
                           leaves.weight_EDF.grad().flatten()}));
  }
  EXPECT_TRUE(at::equal(all[1], all[0]));
  EXPECT_TRUE(at::equal(all[2], all[0]));
}

TEST(StackedProduct, is_taken_for_wide_layers_in_float32_on_the_cpu) {
  const Tensor x = at::ones({2, 128, 256}), weight = at::ones({2, 256, 128});
  EXPECT_TRUE(stacked_product_pays(x, weight));
  EXPECT_FALSE(stacked_product_pays(x.to(at::kDouble), weight.to(at::kDouble)));
  EXPECT_FALSE(stacked_product_pays(x.to(at::kBFloat16), weight.to(at::kBFloat16)));
  EXPECT_FALSE(stacked_product_pays(x, weight.narrow(2, 0, 5)));
  EXPECT_FALSE(stacked_product_pays(x.narrow(2, 0, 100), weight.narrow(1, 0, 100)));
  EXPECT_FALSE(stacked_product_pays(x.narrow(1, 0, 4), weight));
}

}  // namespace
}  // namespace moestro
