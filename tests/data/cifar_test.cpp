#include "moestro/data/cifar.h"

#include <gtest/gtest.h>

#include "data/files_fixture.h"
#include "moestro/core/error.h"

namespace moestro::testing {
namespace {

TEST(Cifar, files_of_ten_classes_follow_one_another) {
  const TemporaryFolder folder;
  put(folder / "1", cifar_bytes({"\3", "\4"}));
  put(folder / "2", gzipped(cifar_bytes({"\5"})));
  const Dataset set = read_cifar({folder / "1", folder / "2"}, CifarKind::ten);
  EXPECT_EQ(set.classes, 10);
  EXPECT_EQ(list(set.targets_N), (Ints{3, 4, 5}));
  EXPECT_EQ(set.inputs.sizes(), at::IntArrayRef({3, 3, 32, 32}));
  EXPECT_TRUE(set.inputs[2].eq(6).all().item<bool>());
}

TEST(Cifar, the_fine_label_is_the_target_of_a_hundred_classes) {
  const TemporaryFolder folder;
  put(folder / "train", cifar_bytes({"\2\x63"}));
  const Dataset set = read_cifar({folder / "train"}, CifarKind::hundred);
  EXPECT_EQ(list(set.targets_N), (Ints{99}));
  EXPECT_TRUE(set.inputs.eq(3).all().item<bool>());
}

TEST(Cifar, planes_are_red_green_blue_and_lines_from_the_top) {
  const TemporaryFolder folder;
  std::string row(3073, '\0');
  row[1 + 1024 + 32 + 5] = 9;  // green, line 1, column 5
  put(folder / "file", row);
  const Dataset set = read_cifar({folder / "file"}, CifarKind::ten);
  EXPECT_EQ(set.inputs[0][1][1][5].item<int>(), 9);
  EXPECT_EQ(set.inputs.sum().item<int>(), 9);
}

TEST(Cifar, sizes_and_labels_are_checked) {
  const TemporaryFolder folder;
  const auto error_of = [&](const std::string& bytes, CifarKind kind) {
    put(folder / "file", bytes);
    return thrown<UserError>([&] { read_cifar({folder / "file"}, kind); });
  };
  const std::string row = cifar_bytes({"\3"});
  EXPECT_TRUE(
      says(error_of(row.substr(1), CifarKind::ten), {"3072 bytes; expected a multiple of 3073"}));
  EXPECT_TRUE(says(error_of(row, CifarKind::hundred), {"multiple of 3074"}));
  EXPECT_TRUE(says(error_of("", CifarKind::ten), {"0 bytes"}));
  EXPECT_TRUE(says(error_of(cifar_bytes({"\12"}), CifarKind::ten),
                   {"label 10 of row 0 (counted from 0); expected 0 to 9"}));
}

}  // namespace
}  // namespace moestro::testing
