#include "moestro/core/memory.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"

namespace moestro {
namespace {

bool means_out_of_memory(const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception& error) {
    return is_out_of_memory(error);
  }
  ADD_FAILURE() << "nothing was thrown";
  return false;
}

TEST(Memory, out_of_it_is_told_from_other_errors) {
  EXPECT_TRUE(means_out_of_memory([] { at::empty({int64_t{1} << 58}, at::kByte); }));
  EXPECT_TRUE(means_out_of_memory([] { throw std::bad_alloc(); }));
  EXPECT_TRUE(means_out_of_memory([] { TORCH_CHECK_WITH(OutOfMemoryError, false, "full"); }));
  EXPECT_FALSE(means_out_of_memory([] { at::ones({2}) + at::ones({3}); }));
  EXPECT_FALSE(means_out_of_memory([] { throw SystemError("disk full"); }));
}

}  // namespace
}  // namespace moestro
