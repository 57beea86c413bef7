#include "moestro/nn/expert_variance.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "nn/kernels/variance.h"
#include "thread_count.h"

namespace moestro {
namespace {

using testing::normal;

struct Case {
  int64_t experts, samples, classes;
};

const std::vector<Case> kCases = {{1, 1, 1},  {5, 1, 10}, {2, 16, 17},  {5, 33, 10},
                                  {3, 50, 1}, {20, 7, 3}, {4, 31, 256}, {8, 512, 26}};

// What lies in memory as [N, K, C], [K, N, C] (stacked experts) and [K, C, N] (narrow products).
const std::vector<Shape> kLayouts = {{0, 1, 2}, {1, 0, 2}, {1, 2, 0}};

Tensor laid_out(const Tensor& out_NKC, const Shape& order) {
  Shape back(3);
  for (int64_t i = 0; i < 3; ++i) back[order[i]] = i;
  return out_NKC.permute(order).contiguous().permute(back);
}

struct Expected {
  double variance, square;
  Tensor grad_NKC;
};

Expected by_the_formula(const Tensor& out_NKC, bool log_probabilities) {
  const Tensor leaf = out_NKC.detach().to(at::kDouble).requires_grad_();
  const Tensor e_NKC = log_probabilities ? leaf.log_softmax(2) : leaf;
  const Tensor variance = e_NKC.var(1, /*unbiased=*/false).mean();
  variance.backward();
  return {variance.item<double>(), e_NKC.square().mean().item<double>(), leaf.grad()};
}

double largest(const Tensor& difference) {
  return difference.abs().max().item<double>();
}

class VariancePaths : public ::testing::TestWithParam<VectorPath> {};

TEST_P(VariancePaths, give_the_variance_over_experts_and_its_gradient) {
  for (const bool log_probabilities : {false, true})
    for (const Case& c : kCases)
      for (const Shape& order : kLayouts) {
        const Tensor out_NKC = normal({c.samples, c.experts, c.classes}, 1).to(at::kFloat) * 3;
        const Tensor leaf = laid_out(out_NKC, order).requires_grad_();
        const Expected expected = by_the_formula(out_NKC, log_probabilities);
        const ExpertVariance found = one_pass_variance(leaf, log_probabilities, GetParam());
        (3 * found.variance).backward();
        const auto where = ::testing::Message()
                           << c.experts << " x " << c.samples << " x " << c.classes << ", "
                           << order[0] << order[1] << (log_probabilities ? ", log" : "");
        EXPECT_NEAR(found.variance.item<double>(), expected.variance, 3e-6 * (1 + expected.square))
            << where;
        EXPECT_NEAR(found.square.item<double>(), expected.square, 3e-6 * (1 + expected.square))
            << where;
        EXPECT_LT(largest(leaf.grad() - 3 * expected.grad_NKC),
                  1e-5 * (1e-3 + largest(expected.grad_NKC)))
            << where;
        EXPECT_FALSE(found.square.requires_grad()) << where;
      }
}

TEST_P(VariancePaths, give_the_same_on_any_number_of_threads) {
  const Tensor out_NKC = normal({700, 5, 10}, 2).to(at::kFloat);
  const testing::ThreadCountKept kept;
  at::set_num_threads(1);
  const ExpertVariance one = one_pass_variance(out_NKC, true, GetParam());
  at::set_num_threads(2);
  const ExpertVariance two = one_pass_variance(out_NKC, true, GetParam());
  EXPECT_EQ(one.variance.item<float>(), two.variance.item<float>());
  EXPECT_EQ(one.square.item<float>(), two.square.item<float>());
}

INSTANTIATE_TEST_SUITE_P(All, VariancePaths, ::testing::ValuesIn(vector_paths()),
                         [](const auto& path) {
                           std::string name = path_name(path.param);
                           std::erase(name, '-');
                           return name;
                         });

TEST(ExpertVariance, is_the_same_by_the_kernel_and_without_it) {
  const Tensor out_KNC = normal({4, 60, 10}, 3);
  for (const OutputKind kind : {OutputKind::probabilities, OutputKind::logits}) {
    const ExpertVariance plain = expert_variance(out_KNC, kind),
                         fused = expert_variance(out_KNC.to(at::kFloat), kind);
    EXPECT_NEAR(plain.variance.item<double>(), fused.variance.item<double>(), 1e-6);
    EXPECT_NEAR(plain.square.item<double>(), fused.square.item<double>(), 1e-5);
  }
}

TEST(ExpertVariance, of_identical_experts_is_zero) {
  const Tensor out_KNC = normal({1, 60, 10}, 4).to(at::kFloat).repeat({4, 1, 1});
  for (const OutputKind kind : {OutputKind::probabilities, OutputKind::values})
    EXPECT_EQ(expert_variance(out_KNC, kind).variance.item<float>(), 0);
}

TEST(ExpertVariance, without_a_gradient_asks_for_none) {
  const c10::NoGradGuard no_gradient;
  const Tensor out_KNC = normal({4, 60, 10}, 5).to(at::kFloat).requires_grad_();
  EXPECT_FALSE(expert_variance(out_KNC, OutputKind::logits).variance.requires_grad());
}

}  // namespace
}  // namespace moestro
