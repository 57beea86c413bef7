#include "moestro/core/device_graph.h"

#include <stdexcept>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "cuda_device.h"
#include "moestro/core/tensor.h"

namespace moestro::testing {
namespace {

TEST(DeviceGraph, a_cpu_writes_nothing_down) {
  EXPECT_FALSE(DeviceGraph::possible(c10::kCPU));
  const OwnStream stream(c10::kCPU);  // harmless
}

TEST(DeviceGraphOnCuda, does_its_work_at_each_replay_and_not_before) {
  if (!has_cuda()) GTEST_SKIP() << "no CUDA device";
  const OwnStream stream(c10::kCUDA);
  const Tensor x = at::ones({3}, at::TensorOptions().device(c10::kCUDA));
  DeviceGraph graph;
  Tensor doubled;
  graph.capture([&] { doubled = x + x; });
  for (const double value : {5., 7.}) {
    x.fill_(value);
    graph.replay();
    EXPECT_EQ(doubled.sum().item<double>(), 6 * value);
  }
}

TEST(DeviceGraphOnCuda, goes_on_after_work_that_threw) {
  if (!has_cuda()) GTEST_SKIP() << "no CUDA device";
  const OwnStream stream(c10::kCUDA);
  const Tensor x = at::ones({3}, at::TensorOptions().device(c10::kCUDA));
  DeviceGraph graph;
  EXPECT_THROW(graph.capture([&] { throw std::runtime_error((x + x).toString()); }),
               std::runtime_error);
  Tensor sum;
  graph.capture([&] { sum = x.sum(); });
  graph.replay();
  EXPECT_EQ(sum.item<double>(), 3);
}

}  // namespace
}  // namespace moestro::testing
