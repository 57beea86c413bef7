#include "moestro/core/peak_memory.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "cuda_device.h"

namespace moestro {
namespace {

int64_t peak_of(const std::function<void()>& work) {
  return peak_bytes(c10::kCPU, work);
}

TEST(PeakMemory, is_that_of_the_tensors_held_at_once) {
  EXPECT_EQ(peak_of([] {}), 0);
  const auto kilobytes = [](int64_t count) { return at::empty({count * 256}, at::kFloat); };
  EXPECT_EQ(peak_of([&] {
              for (int i = 0; i < 3; ++i) kilobytes(5);
              const at::Tensor a = kilobytes(3), b = kilobytes(4);
            }),
            7 * 1024);
}

TEST(PeakMemory, counts_nothing_that_was_there_before) {
  const at::Tensor before = at::empty({1000});
  EXPECT_EQ(peak_of([&] { const at::Tensor after = at::empty({10}); }), 40);
}

TEST(PeakMemory, of_one_device_leaves_out_the_others) {
  if (!testing::has_cuda()) GTEST_SKIP() << "no CUDA device";
  const auto work = [] {
    const at::Tensor here = at::empty({100});
    const at::Tensor there = at::empty({1 << 20}, at::TensorOptions(at::kCUDA).dtype(at::kByte));
  };
  EXPECT_EQ(peak_bytes(c10::kCPU, work), 400);
  EXPECT_EQ(peak_bytes(c10::kCUDA, work), 1 << 20);
}

}  // namespace
}  // namespace moestro
