#include "moestro/objective/distillation.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/core/error.h"
#include "moestro/data/batches.h"
#include "moestro/objective/objective.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::normal;
using testing::thrown;

double value(const Tensor& scalar) {
  EXPECT_EQ(scalar.dim(), 0);
  return scalar.item<double>();
}

TEST(Distillation, is_zero_where_student_and_teacher_agree) {
  const Tensor scores = normal({4, 3}, 1);
  EXPECT_NEAR(value(distillation_loss(scores, scores.log_softmax(1), OutputKind::logits, 2)), 0,
              1e-14);
  EXPECT_EQ(value(distillation_loss(scores, scores, OutputKind::values, 1)), 0);
}

TEST(Distillation, follows_its_formula_at_a_temperature) {
  const Tensor student = at::tensor({0., 0.}, at::kDouble).view({1, 2}),
               teacher = at::tensor({0., 2 * std::log(3.)}, at::kDouble).view({1, 2});
  // At T = 2 the teacher says (1/4, 3/4), the student (1/2, 1/2).
  const double expected = 4 * (.25 * std::log(.5) + .75 * std::log(1.5));
  EXPECT_NEAR(value(distillation_loss(student, teacher, OutputKind::logits, 2)), expected, 1e-14);
}

TEST(Distillation, has_the_gradient_of_its_formula) {
  const Tensor student = normal({5, 4}, 2).set_requires_grad(true), teacher = normal({5, 4}, 3);
  distillation_loss(student, teacher, OutputKind::logits, 3).backward();
  const Tensor expected = 3 * ((student / 3).softmax(1) - (teacher / 3).softmax(1)) / 5;
  EXPECT_TRUE(at::allclose(student.grad(), expected.detach(), 1e-10, 1e-12));
}

TEST(Distillation, of_values_is_the_mean_squared_difference) {
  const Tensor student = at::tensor({1., 2.}, at::kDouble).view({2, 1}),
               teacher = at::tensor({3., 2.}, at::kDouble).view({2, 1});
  EXPECT_DOUBLE_EQ(value(distillation_loss(student, teacher, OutputKind::values, 1)), 2);
}

TEST(Distillation, gives_no_gradient_to_the_teacher) {
  const Tensor student = normal({2, 3}, 4).set_requires_grad(true),
               teacher = normal({2, 3}, 5).set_requires_grad(true);
  distillation_loss(student, teacher, OutputKind::logits, 1).backward();
  EXPECT_FALSE(teacher.grad().defined());
}

TEST(Distillation, a_class_that_the_teacher_rules_out_costs_nothing) {
  const Tensor teacher = at::tensor({0.F, -INFINITY}).view({1, 2});
  const Tensor student = at::tensor({0.F, 0.F}).view({1, 2}).set_requires_grad(true);
  const Tensor loss = distillation_loss(student, teacher, OutputKind::probabilities, 1);
  loss.backward();
  EXPECT_NEAR(value(loss), std::log(2.), 1e-6);
  EXPECT_TRUE(student.grad().isfinite().all().item<bool>());
}

TEST(Distillation, is_a_term_of_the_objective_beside_the_tasks_loss) {
  LossConfig config;
  config.task = .25;
  config.distillation = .75;
  config.distillation_temperature = 2;
  const Objective objective(config, OutputKind::logits);
  const Tensor student = normal({3, 4}, 6), teacher = normal({3, 4}, 7);
  const Batch batch{{}, at::tensor({0, 1, 3}, at::kLong), {}};
  Guidance guidance;
  guidance.teacher_NC = teacher;
  const LossTerms loss = objective(student, {}, batch, guidance);
  ASSERT_EQ(loss.terms.size(), 2u);
  EXPECT_EQ(loss.terms[1].name, "distillation");
  EXPECT_NEAR(value(loss.total),
              .25 * value(loss.terms[0].value) +
                  .75 * value(distillation_loss(student, teacher, OutputKind::logits, 2)),
              1e-12);
  EXPECT_EQ(thrown<UserError>([&] { objective(student, {}, batch); }),
            "loss.distillation = 0.75 needs a teacher; expected student.teacher");
}

}  // namespace
}  // namespace moestro
