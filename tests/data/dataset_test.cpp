#include "moestro/data/dataset.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "data/files_fixture.h"

namespace moestro::testing {
namespace {

TEST(Dataset, selected_rows_keep_inputs_and_targets_together) {
  const Dataset set = image_set(9);
  const Dataset some = select_rows(set, at::tensor({7, 2}, at::kLong));
  EXPECT_EQ(some.rows(), 2);
  EXPECT_TRUE(at::equal(some.inputs[0], set.inputs[7]));
  EXPECT_EQ(list(some.targets_N), (Ints{1, 2}));
  EXPECT_EQ(some.classes, 3);
}

TEST(Dataset, classes_without_rows_are_counted_as_zero) {
  Dataset set = image_set(4, 4, 3, 2);
  set.classes = 4;
  EXPECT_EQ(set.class_counts(), (Ints{2, 2, 0, 0}));
}

TEST(Dataset, the_digest_tells_content_shape_and_targets_apart) {
  const Dataset set = image_set(6);
  Dataset pixel = set, shape = set, target = set;
  pixel.inputs = set.inputs.clone();
  pixel.inputs[5][0][3][2] += 1;
  shape.inputs = set.inputs.view({6, 1, 3, 4});
  target.targets_N = set.targets_N.flip(0);
  EXPECT_EQ(set.digest(), image_set(6).digest());
  EXPECT_EQ(set.digest().size(), 64u);
  for (const Dataset& other : {pixel, shape, target}) EXPECT_NE(other.digest(), set.digest());
}

}  // namespace
}  // namespace moestro::testing
