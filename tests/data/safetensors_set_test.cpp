#include "moestro/data/safetensors_set.h"

#include <cmath>

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "data/files_fixture.h"
#include "moestro/core/error.h"
#include "moestro/store/safetensors.h"

namespace moestro::testing {
namespace {

class SafetensorsSet : public ::testing::Test {
 protected:
  Dataset read(const Tensor& x, const Tensor& y, Targets targets = Targets::required,
               int64_t classes = 0) {
    NamedTensors tensors = {{"x", x}};
    if (y.defined()) tensors.emplace_back("y", y);
    write_safetensors(folder_ / "set.safetensors", tensors);
    return read_safetensors_set(folder_ / "set.safetensors", "x", "y", targets, classes);
  }

  std::string error_of(const Tensor& x, const Tensor& y, int64_t classes = 0) {
    return thrown<UserError>([&] { read(x, y, Targets::required, classes); });
  }

  TemporaryFolder folder_;
  const Tensor labels_ = at::tensor({0, 2}, at::kLong);
};

TEST_F(SafetensorsSet, bytes_of_four_dimensions_are_images_and_integers_classes) {
  const Dataset set = read(at::ones({2, 3, 4, 4}, at::kByte), labels_.to(at::kInt));
  EXPECT_TRUE(set.is_image());
  EXPECT_EQ(set.classes, 3);
  EXPECT_EQ(list(set.targets_N), (Ints{0, 2}));
}

TEST_F(SafetensorsSet, other_numbers_become_float32_and_floats_values) {
  const Dataset set = read(at::ones({2, 3}, at::kDouble), at::tensor({.5, 2.}).view({2, 1}));
  EXPECT_EQ(set.inputs.scalar_type(), at::kFloat);
  EXPECT_EQ(set.classes, 0);
  EXPECT_TRUE(at::equal(set.targets_N, at::tensor({.5f, 2.f})));
}

TEST_F(SafetensorsSet, targets_may_be_left_out_where_they_are_optional) {
  EXPECT_FALSE(read(at::ones({2, 3}), {}, Targets::optional).has_targets());
  EXPECT_TRUE(
      says(error_of(at::ones({2, 3}), {}), {"tensor \"y\"; there is none; expected one of x"}));
}

TEST_F(SafetensorsSet, numbers_that_are_not_finite_are_refused) {
  Tensor x = at::ones({2, 3});
  x[1][2] = std::nan("");
  EXPECT_TRUE(says(error_of(x, labels_), {"tensor \"x\": row 1 (counted from 0) holds NaN"}));
  x[1][2] = INFINITY;
  EXPECT_TRUE(says(error_of(x, labels_), {"holds an infinite number"}));
  EXPECT_TRUE(
      says(error_of(at::ones({2, 3}), at::tensor({1., std::nan("")})), {"tensor \"y\": row 1"}));
}

TEST_F(SafetensorsSet, shapes_counts_and_labels_are_checked) {
  EXPECT_TRUE(says(error_of(at::ones({2}), labels_), {"shape [2]; expected rows first"}));
  EXPECT_TRUE(says(error_of(at::ones({3, 2}), labels_), {"shape [2]; expected [3]"}));
  EXPECT_TRUE(says(error_of(at::ones({2, 2}), labels_, 2), {"label 2 of row 1"}));
  EXPECT_TRUE(says(error_of(at::ones({2, 2}), labels_ - 1), {"label -1 of row 0"}));
}

}  // namespace
}  // namespace moestro::testing
