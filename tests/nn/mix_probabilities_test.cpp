#include "nn/kernels/mix_probabilities.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "thread_count.h"

namespace moestro {
namespace {

using testing::normal;

struct Case {
  int64_t samples, experts, classes;
  double spread;  // of the logits
};

const std::vector<Case> kCases = {{1, 1, 1, 1},    {1, 5, 10, 1},   {16, 1, 10, 3},
                                  {33, 5, 10, 5},  {7, 20, 3, 30},  {50, 3, 100, 2},
                                  {18, 2, 17, 80}, {512, 5, 10, 1}, {31, 4, 16, 300}};

// What lies in memory as [N, K, C], [K, N, C] (stacked experts) and [K, C, N] (narrow products).
const std::vector<Shape> kLayouts = {{0, 1, 2}, {1, 0, 2}, {1, 2, 0}};

Tensor laid_out(const Tensor& out_NKC, const Shape& order) {
  Shape back(3);
  for (int64_t i = 0; i < 3; ++i) back[order[i]] = i;
  return out_NKC.permute(order).contiguous().permute(back);
}

Tensor reference(const Tensor& out_NKC, const Tensor& weights_NK) {
  return at::logsumexp(at::log_softmax(out_NKC, -1) + weights_NK.log().unsqueeze(-1), 1);
}

Tensor leaf(const Tensor& value, at::ScalarType type) {
  return value.detach().to(type, /*non_blocking=*/false, /*copy=*/true).requires_grad_();
}

// Largest difference, relative where values are large.
double error(const Tensor& ours, const Tensor& expected) {
  const Tensor difference = (ours.to(at::kDouble) - expected).abs();
  return (difference / expected.abs().clamp_min(1)).max().item<double>();
}

class MixPaths : public ::testing::TestWithParam<VectorPath> {};

TEST_P(MixPaths, give_the_likelihood_and_its_gradients) {
  for (const Case& c : kCases)
    for (const Shape& order : kLayouts) {
      const Tensor out = normal({c.samples, c.experts, c.classes}, 1).to(at::kFloat) * c.spread;
      const Tensor weights = (normal({c.samples, c.experts}, 2) * 3).softmax(1).to(at::kFloat);
      const Tensor out_f = laid_out(out, order).requires_grad_(),
                   weights_f = leaf(weights, at::kFloat);
      const Tensor out_d = leaf(out, at::kDouble), weights_d = leaf(weights, at::kDouble);
      const Tensor mixed = mix_probabilities(out_f, weights_f, GetParam());
      const Tensor expected = reference(out_d, weights_d);
      EXPECT_LT(error(mixed, expected), 1e-6 * (1 + c.spread))
          << c.samples << ", " << order[0] << order[1] << order[2];

      const Tensor direction = normal(expected.sizes().vec(), 3);
      (mixed * direction.to(at::kFloat)).sum().backward();
      (expected * direction).sum().backward();
      const double tolerance = 2e-6 * (1 + c.spread) * c.classes;
      EXPECT_LT(error(out_f.grad(), out_d.grad()), tolerance)
          << c.samples << ", " << order[0] << order[1] << order[2];
      EXPECT_LT(error(weights_f.grad(), weights_d.grad()), tolerance)
          << c.samples << ", " << order[0] << order[1] << order[2];
      EXPECT_EQ(out_f.grad().strides(), out_f.strides());
    }
}

TEST_P(MixPaths, give_the_same_bits_on_any_number_of_threads) {
  const testing::ThreadCountKept kept;
  for (const Shape& order : kLayouts) {
    std::vector<Tensor> results;
    for (const int count : {1, 2, 2, 3}) {
      at::set_num_threads(count);
      const Tensor out = laid_out(normal({3001, 5, 10}, 1).to(at::kFloat), order).requires_grad_(),
                   weights = leaf(normal({3001, 5}, 2).softmax(1), at::kFloat);
      const Tensor mixed = mix_probabilities(out, weights, GetParam());
      mixed.square().sum().backward();
      results.push_back(
          at::cat({mixed.detach().flatten(), out.grad().flatten(), weights.grad().flatten()}));
    }
    for (size_t run = 1; run < results.size(); ++run)
      EXPECT_TRUE(at::equal(results[run], results[0])) << order[0] << order[1] << order[2];
  }
}

TEST_P(MixPaths, leave_out_an_expert_of_weight_zero) {
  const Tensor out = leaf(normal({20, 3, 10}, 1), at::kFloat);
  Tensor weights = normal({20, 3}, 2).softmax(1).to(at::kFloat);
  weights.select(1, 1).zero_();
  weights.requires_grad_();
  const Tensor mixed = mix_probabilities(out, weights, GetParam());
  const auto others = [](const Tensor& x) {
    return at::stack({x.select(1, 0), x.select(1, 2)}, 1);
  };
  EXPECT_LT(error(mixed, reference(others(out).to(at::kDouble), others(weights).to(at::kDouble))),
            1e-5);
  mixed.sum().backward();
  EXPECT_EQ(out.grad().select(1, 1).abs().max().item<float>(), 0);
  EXPECT_EQ(weights.grad().select(1, 1).abs().max().item<float>(), 0);
  EXPECT_TRUE(weights.grad().isfinite().all().item<bool>());
}

TEST_P(MixPaths, give_a_class_that_no_expert_holds_possible_no_gradient) {
  Tensor out = normal({20, 3, 5}, 1).to(at::kFloat);
  out.select(2, 3).fill_(-INFINITY);
  const Tensor leaf_NKC = leaf(out, at::kFloat), weights = at::full({20, 3}, 1.f / 3);
  const Tensor mixed = mix_probabilities(leaf_NKC, weights, GetParam());
  EXPECT_TRUE(mixed.select(1, 3).isneginf().all().item<bool>());
  mixed.select(1, 0).sum().backward();
  EXPECT_TRUE(leaf_NKC.grad().isfinite().all().item<bool>());
  EXPECT_EQ(leaf_NKC.grad().select(2, 3).abs().max().item<float>(), 0);
}

TEST_P(MixPaths, let_a_nan_be_seen) {
  for (const int64_t place : {0, 4}) {
    Tensor out = normal({3, 2, 5}, 1).to(at::kFloat);
    out[1][1][place] = std::nanf("");
    const Tensor mixed = mix_probabilities(out, at::full({3, 2}, .5f), GetParam());
    EXPECT_TRUE(mixed[1].isnan().all().item<bool>());
    EXPECT_FALSE(mixed[0].isnan().any().item<bool>());
  }
}

INSTANTIATE_TEST_SUITE_P(All, MixPaths, ::testing::ValuesIn(vector_paths()), [](const auto& path) {
  std::string name = path_name(path.param);
  std::erase(name, '-');
  return name;
});

}  // namespace
}  // namespace moestro
