// What the loss lessens is what the measure reports: two floors that do not know each other.
#include "moestro/measure/disagreement.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/objective/mutual_distillation.h"

namespace moestro {
namespace {

TEST(DisagreementAndDistillation, are_the_same_number) {
  const Tensor out_ENC = testing::normal({4, 7, 3}, 1);
  const MutualDistillation learned = mutual_distillation(out_ENC, OutputKind::values);
  const Disagreement measured = disagreement(out_ENC);
  EXPECT_NEAR(learned.value.item<double>(), measured.variance_N.mean().item<double>(), 1e-14);
  EXPECT_NEAR(learned.square.item<double>(), measured.square_N.mean().item<double>(), 1e-14);
}

}  // namespace
}  // namespace moestro
