// Images alone, for whoever brings them to the size that it wants.
#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "data/files_fixture.h"
#include "moestro/core/error.h"
#include "moestro/data/source.h"
#include "moestro/store/safetensors.h"

namespace moestro::testing {
namespace {

class NewImages : public ::testing::Test {
 protected:
  std::string refusal(const std::string& what) const {
    return thrown<UserError>([&] { load_new_images(what, folder_.path()); });
  }

  TemporaryFolder folder_;
};

TEST_F(NewImages, are_read_by_path_whatever_their_size_and_labels) {
  put_idx_set(folder_.path(), "t10k", 6);
  put_idx_set(folder_ / "other", "train", 5, 7, 2, 4);
  EXPECT_EQ(load_new_images(folder_.path(), {}).sizes(), (Ints{6, 1, 4, 3}));
  EXPECT_EQ(load_new_images(folder_ / "other", {}).sizes(), (Ints{5, 1, 7, 2}));
  EXPECT_EQ(load_new_images(folder_ / "t10k-images-idx3-ubyte", {}).sizes(), (Ints{6, 1, 4, 3}));
  write_safetensors(folder_ / "rows.safetensors", {{"inputs", at::ones({2, 3, 5, 5}, at::kByte)}});
  EXPECT_EQ(load_new_images(folder_ / "rows.safetensors", {}).sizes(), (Ints{2, 3, 5, 5}));
}

TEST_F(NewImages, are_read_by_name) {
  put_idx_set(folder_ / "mnist", "train", 60, 28, 28, 10);
  put_idx_set(folder_ / "mnist", "t10k", 9, 28, 28, 10);
  EXPECT_EQ(load_new_images("mnist", folder_.path()).size(0), 9);
}

TEST_F(NewImages, are_unsigned_bytes) {
  write_safetensors(folder_ / "rows.safetensors", {{"inputs", at::ones({2, 3, 5, 5})}});
  const std::string path = folder_ / "rows.safetensors";
  EXPECT_EQ(refusal(path), path + " holds no images; expected unsigned bytes [N, C, H, W]");
  EXPECT_EQ(refusal("trec"), "trec holds no images; expected unsigned bytes [N, C, H, W]");
  EXPECT_TRUE(says(refusal(folder_ / "none"), {"none: no such file"}));
  EXPECT_TRUE(says(refusal(folder_.path()), {"no t10k-images-idx3-ubyte"}));
}

}  // namespace
}  // namespace moestro::testing
