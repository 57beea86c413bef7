#include "moestro/train/checkpoint.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "store/temporary_folder.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::TemporaryFolder;
using testing::thrown;

TEST(Checkpoint, restores_what_was_written) {
  const TemporaryFolder folder;
  const Tensor a = at::rand({2, 3}), b = at::rand({4});
  write_safetensors(folder.path() / "c.safetensors", {{"a", a}, {"b", b}});
  const Tensor x = at::zeros({2, 3}), y = at::zeros({4});
  restore(SafetensorsFile(folder.path() / "c.safetensors"), {{"a", x}, {"b", y}});
  EXPECT_TRUE(at::equal(a, x) && at::equal(b, y));
}

TEST(Checkpoint, of_other_shapes_is_refused_in_one_message_and_nothing_is_written) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "c.safetensors";
  write_safetensors(path, {{"a", at::rand({2, 3})}, {"b", at::rand({4})}});
  const Tensor a = at::zeros({2, 3}), b = at::zeros({5}), c = at::zeros({1});
  EXPECT_EQ(thrown<UserError>([&] {
              restore(SafetensorsFile(path), {{"a", a}, {"b", b}, {"c", c}});
            }),
            path.string() + ": not a checkpoint of this model: b is 4, expected 5, c is missing");
  EXPECT_EQ(a.sum().item<double>(), 0);
}

}  // namespace
}  // namespace moestro
