#include "moestro/measure/calibration.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::thrown;

Tensor log_of(std::vector<double> probs, int64_t classes) {
  return at::tensor(probs, at::kDouble).view({-1, classes}).log();
}

Tensor classes_of(std::vector<int64_t> labels) {
  return at::tensor(labels, at::kLong);
}

TEST(CalibrationError, is_zero_when_confidence_is_accuracy) {
  const Tensor log_probs = log_of({.75, .25, .75, .25, .75, .25, .75, .25}, 2);
  EXPECT_NEAR(calibration_error(log_probs, classes_of({0, 0, 1, 0})), 0, 1e-15);
}

TEST(CalibrationError, is_one_for_sure_and_always_wrong) {
  EXPECT_DOUBLE_EQ(calibration_error(log_of({1, 0, 0, 1}, 2), classes_of({1, 0})), 1);
}

TEST(CalibrationError, weighs_each_bin_by_its_samples) {
  // .9 right, .9 wrong: gap .4; .6 right: gap .4, in another bin of ten.
  const Tensor log_probs = log_of({.9, .1, .9, .1, .6, .4}, 2);
  EXPECT_NEAR(calibration_error(log_probs, classes_of({0, 1, 0}), 10), (.8 + .4) / 3, 1e-14);
}

TEST(CalibrationError, lets_errors_of_opposite_sign_cancel_within_a_bin_only) {
  const Tensor log_probs = log_of({.7, .3, .6, .4}, 2);
  const Tensor labels = classes_of({1, 0});  // gaps -.7 and +.4
  EXPECT_NEAR(calibration_error(log_probs, labels, 1), .3 / 2, 1e-14);
  EXPECT_NEAR(calibration_error(log_probs, labels, 15), 1.1 / 2, 1e-14);
}

TEST(CalibrationError, refuses_an_empty_set) {
  EXPECT_EQ(thrown<UserError>([&] {
              calibration_error(at::empty({0, 3}), classes_of({}));
            }),
            "calibration error: the set is empty; expected at least one sample");
}

}  // namespace
}  // namespace moestro
