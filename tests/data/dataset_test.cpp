#include "moestro/data/dataset.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "data/files_fixture.h"
#include "moestro/core/error.h"

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

Dataset translations() {
  Dataset set;
  set.inputs = at::tensor({1, 5, 2, 1, 2, -1}, at::kInt).view({2, 3});
  set.targets_N = at::tensor({1, 2, 1, 2}, at::kInt).view({2, 2});
  set.texts = {"a", ""};
  set.target_texts = {"b", "c"};
  return set;
}

TEST(Dataset, selected_rows_keep_their_texts) {
  const Dataset some = select_rows(translations(), at::tensor({1}, at::kLong));
  EXPECT_TRUE(some.is_text() && some.is_translation());
  EXPECT_EQ(list(some.lengths_N()), (Ints{2}));
  EXPECT_EQ(some.texts, (Strings{""}));
  EXPECT_EQ(some.target_texts, (Strings{"c"}));
}

TEST(Dataset, the_digest_tells_texts_apart) {
  Dataset other = translations(), moved = translations();
  other.target_texts[0] = "B";
  moved.texts = {"", "a"};
  EXPECT_EQ(translations().digest(), translations().digest());
  for (const Dataset& set : {other, moved}) EXPECT_NE(set.digest(), translations().digest());
}

TEST(Dataset, classes_are_mapped_by_name) {
  const Tensor targets_N = at::tensor({0, 1, 1}, at::kLong);
  EXPECT_EQ(list(map_classes("f", targets_N, {"b", "a"}, {"a", "b", "c"})), (Ints{1, 0, 0}));
  EXPECT_TRUE(says(thrown<UserError>([&] {
                     map_classes("f", targets_N, {"b", "d"}, {"a", "b"});
                   }),
                   {"f: unknown class \"d\"; expected one of a, b"}));
  EXPECT_TRUE(says(thrown<UserError>([&] { map_classes("f", at::ones({1}), {}, {"a"}); }),
                   {"f: the targets are values"}));
}

}  // namespace
}  // namespace moestro::testing
