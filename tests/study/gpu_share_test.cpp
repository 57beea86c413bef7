#include "study/gpu_share.h"

#include <gtest/gtest.h>

namespace moestro {
namespace {

using Names = std::vector<std::string>;

TEST(GpuNames, are_those_that_the_environment_names_or_numbers) {
  EXPECT_EQ(gpu_names(nullptr, 3), (Names{"0", "1", "2"}));
  EXPECT_EQ(gpu_names("4,7", 2), (Names{"4", "7"}));
  EXPECT_EQ(gpu_names("GPU-a1,GPU-b2,GPU-c3", 2), (Names{"GPU-a1", "GPU-b2"}));
  EXPECT_EQ(gpu_names("", 0), Names{});
  EXPECT_EQ(gpu_names(nullptr, 0), Names{});
}

TEST(GpuShare, gives_a_run_the_gpu_with_the_fewest) {
  GpuShare share({"4", "7", "9"});
  const auto first = share.take(), second = share.take(), third = share.take();
  EXPECT_EQ(share.environment(*first), "CUDA_VISIBLE_DEVICES=4");
  EXPECT_EQ(share.environment(*second), "CUDA_VISIBLE_DEVICES=7");
  EXPECT_EQ(share.environment(*third), "CUDA_VISIBLE_DEVICES=9");
  share.give_back(second);
  EXPECT_EQ(share.take(), second);
  EXPECT_EQ(share.take(), first);
}

TEST(GpuShare, says_nothing_where_there_is_no_choice) {
  for (const Names& gpus : {Names{}, Names{"0"}}) {
    GpuShare share(gpus);
    EXPECT_FALSE(share.take().has_value());
    share.give_back({});
  }
}

}  // namespace
}  // namespace moestro
