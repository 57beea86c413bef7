#include "moestro/core/device.h"

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::thrown;

class Threads : public ::testing::Test {
 protected:
  void TearDown() override { set_threads(before_); }
  int64_t before_ = at::get_num_threads();
};

TEST(Device, cpu_is_always_there) {
  EXPECT_EQ(resolve_device("cpu"), c10::Device(c10::kCPU));
}

TEST(Device, auto_is_one_that_exists) {
  const c10::Device device = resolve_device("auto");
  EXPECT_TRUE(device.is_cpu() || at::hasCUDA());
}

TEST(Device, refuses_an_unknown_word) {
  EXPECT_EQ(thrown<UserError>([] { resolve_device("gpu"); }),
            "unknown device \"gpu\"; expected auto, cpu or cuda");
  EXPECT_EQ(thrown<UserError>([] { resolve_device(""); }),
            "unknown device \"\"; expected auto, cpu or cuda");
}

TEST(Device, refuses_cuda_in_a_cpu_build) {
  if (at::hasCUDA()) GTEST_SKIP() << "this LibTorch has CUDA";
  EXPECT_EQ(thrown<UserError>([] { resolve_device("cuda"); }),
            "device \"cuda\" asked for, but this LibTorch is a CPU build; expected auto or cpu");
}

TEST_F(Threads, stay_as_they_are_at_zero) {
  set_threads(2);
  EXPECT_EQ(set_threads(0), 2);
}

TEST_F(Threads, are_told_in_the_description) {
  set_threads(1);
  EXPECT_TRUE(describe_device(c10::kCPU).ends_with(", 1 thread)")) << describe_device(c10::kCPU);
  set_threads(2);
  EXPECT_TRUE(describe_device(c10::kCPU).ends_with(", 2 threads)")) << describe_device(c10::kCPU);
  EXPECT_TRUE(describe_device(c10::kCPU).starts_with("cpu (")) << describe_device(c10::kCPU);
}

TEST_F(Threads, outside_the_range_are_refused) {
  EXPECT_EQ(thrown<UserError>([] { set_threads(-1); }),
            "threads = -1; expected 0 (automatic) to 4096");
  EXPECT_EQ(thrown<UserError>([] { set_threads(int64_t{1} << 32); }),
            "threads = 4294967296; expected 0 (automatic) to 4096");
  EXPECT_EQ(at::get_num_threads(), before_);
}

// at::parallel_for is a template: compiled without -fopenmp it runs everything on one thread.
TEST_F(Threads, share_the_work_of_parallel_for) {
  set_threads(2);
  std::mutex mutex;
  std::set<std::thread::id> seen;
  std::atomic<int64_t> done = 0;
  at::parallel_for(0, 2, 1, [&](int64_t begin, int64_t end) {
    done += end - begin;
    const std::lock_guard lock(mutex);
    seen.insert(std::this_thread::get_id());
  });
  EXPECT_EQ(done, 2);
  EXPECT_EQ(seen.size(), 2u);
}

TEST_F(Threads, of_one_keep_parallel_for_on_the_caller) {
  set_threads(1);
  std::set<std::thread::id> seen;
  at::parallel_for(0, 4, 1, [&](int64_t, int64_t) { seen.insert(std::this_thread::get_id()); });
  EXPECT_EQ(seen, std::set<std::thread::id>{std::this_thread::get_id()});
}

}  // namespace
}  // namespace moestro
