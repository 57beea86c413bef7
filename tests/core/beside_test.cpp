#include "moestro/core/beside.h"

#include <cmath>
#include <stdexcept>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "cuda_device.h"
#include "moestro/core/device_graph.h"
#include "moestro/core/tensor.h"

namespace moestro::testing {
namespace {

TEST(Beside, a_cpu_does_the_work_at_once) {
  bool done = false;
  Beside work(c10::kCPU, [&] { done = true; });
  EXPECT_TRUE(done);
  work.wait();
  EXPECT_THROW(Beside(c10::kCPU, [] { throw std::runtime_error("no"); }), std::runtime_error);
}

// Products long enough that they would be read too early.
TEST(BesideOnCuda, comes_after_what_was_asked_and_before_what_follows) {
  if (!has_cuda()) GTEST_SKIP() << "no CUDA device";
  const auto options = at::TensorOptions(at::kFloat).device(resolve_device("cuda"));
  const auto long_way = [](Tensor x) {
    for (int i = 0; i < 20; ++i) x = x.matmul(x) / static_cast<double>(x.size(0));
    return x;
  };
  const auto step = [&](const Tensor& ones) {
    const Tensor x = long_way(ones);
    Tensor theirs;
    Beside work(options.device(), [&] { theirs = 2 * long_way(x); });
    work.share({x, theirs});
    const Tensor ours = long_way(x);
    work.wait();
    return (theirs + ours).sum();
  };
  const Tensor ones = at::ones({1024, 1024}, options);
  const double expected = 3. * static_cast<double>(ones.numel());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(step(ones).item<double>(), expected);

  const OwnStream stream(options.device());
  DeviceGraph graph;
  Tensor sum;
  graph.capture([&] { sum = step(ones); });
  graph.replay();
  EXPECT_EQ(sum.item<double>(), expected);
}

TEST(BesideOnCuda, work_that_throws_leaves_nothing_behind) {
  if (!has_cuda()) GTEST_SKIP() << "no CUDA device";
  const c10::Device device = resolve_device("cuda");
  const OwnStream stream(device);
  const Tensor x = at::ones({3}, at::TensorOptions(at::kFloat).device(device));
  const auto fails = [&] {
    const Beside work(device, [&] { throw std::runtime_error((x + x).toString()); });
  };
  EXPECT_THROW(fails(), std::runtime_error);
  DeviceGraph graph;
  EXPECT_THROW(graph.capture(fails), std::runtime_error);
  Tensor sum;
  graph.capture([&] { sum = x.sum(); });
  graph.replay();
  EXPECT_EQ(sum.item<double>(), 3);
}

TEST(BesideOnCuda, a_gradient_passes_both_ways) {
  if (!has_cuda()) GTEST_SKIP() << "no CUDA device";
  const c10::Device device = resolve_device("cuda");
  const Tensor x = at::ones({512, 512}, at::TensorOptions(at::kFloat).device(device));
  const Tensor left = x.clone().requires_grad_(), right = x.clone().requires_grad_();
  for (int i = 0; i < 5; ++i) {
    left.mutable_grad() = right.mutable_grad() = Tensor();
    Tensor theirs;
    Beside work(device, [&] { theirs = x.matmul(right).matmul(x); });
    work.share({x, theirs});
    const Tensor ours = x.matmul(left).matmul(x);
    work.wait();
    (ours * theirs).sum().backward();
    EXPECT_TRUE(at::equal(left.grad(), right.grad()));
    EXPECT_EQ(left.grad()[0][0].item<double>(), std::pow(512., 4));
  }
}

}  // namespace
}  // namespace moestro::testing
