#include "moestro/core/on_device.h"

#include <ATen/Context.h>
#include <ATen/Functions.h>
#include <gtest/gtest.h>

namespace moestro {
namespace {

TEST(OnDevice, leaves_what_is_there) {
  const Tensor x = at::arange(3);
  EXPECT_TRUE(on_device(x, at::kCPU).is_same(x));
}

TEST(OnDevice, copies_to_a_gpu) {
  if (!at::hasCUDA()) GTEST_SKIP() << "no GPU";
  const Tensor x = at::arange(3);
  const Tensor there = on_device(x, c10::Device(at::kCUDA, 0));
  EXPECT_TRUE(there.is_cuda());
  EXPECT_TRUE(there.cpu().equal(x));
  EXPECT_TRUE(on_device(there, at::kCPU).equal(x));
}

}  // namespace
}  // namespace moestro
