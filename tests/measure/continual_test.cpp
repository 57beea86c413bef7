#include "moestro/measure/continual.h"

#include <cmath>
#include <limits>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "thrown.h"

namespace moestro {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

Tensor matrix(const std::vector<double>& scores, int64_t tasks) {
  return at::tensor(scores, at::kDouble).view({-1, tasks});
}

// Task 1 was best after task 2; task 2 is best in the end, and was better before it was learned.
Tensor three_tasks() {
  return matrix({10, 20, 30,   //
                 80, 64, 35,   //
                 84, 60, 45,   //
                 70, 66, 90},  //
                3);
}

void expect_measure(const TaskMeasure& measure, const std::vector<double>& task_T, double mean) {
  const auto expect = [](double value, double expected) {
    if (std::isnan(expected))
      EXPECT_TRUE(std::isnan(value)) << value;
    else
      EXPECT_NEAR(value, expected, 1e-12);
  };
  ASSERT_EQ(measure.task_T.size(), task_T.size());
  for (size_t t = 0; t < task_T.size(); ++t) expect(measure.task_T[t], task_T[t]);
  expect(measure.mean, mean);
}

TEST(ContinualScores, of_three_tasks_by_hand) {
  const ContinualScores scores = continual_scores(three_tasks());
  expect_measure(scores.transfer, {kNone, 64, 40}, 52);
  expect_measure(scores.average, {78, 190. / 3, 170. / 3}, 66);
  expect_measure(scores.last, {70, 66, 90}, 226. / 3);
  expect_measure(scores.backward_transfer, {-10, 6, kNone}, -2);
  expect_measure(scores.forward_transfer, {kNone, 44, 15}, 29.5);
  expect_measure(scores.forgetting_from_first, {10, -6, kNone}, 2);
  expect_measure(scores.forgetting_from_best, {14, -2, kNone}, 6);
}

TEST(ContinualScores, of_one_task_are_what_it_scores) {
  const ContinualScores scores = continual_scores(matrix({20, 90}, 1));
  expect_measure(scores.average, {90}, 90);
  expect_measure(scores.last, {90}, 90);
  for (const TaskMeasure& none :
       {scores.transfer, scores.backward_transfer, scores.forward_transfer,
        scores.forgetting_from_first, scores.forgetting_from_best})
    expect_measure(none, {kNone}, kNone);
}

TEST(ContinualScores, need_the_first_row_for_forward_transfer_alone) {
  Tensor scores_ST = three_tasks();
  scores_ST[0].fill_(kNone);
  const ContinualScores scores = continual_scores(scores_ST);
  expect_measure(scores.forward_transfer, {kNone, kNone, kNone}, kNone);
  for (const TaskMeasure& known :
       {scores.transfer, scores.average, scores.last, scores.backward_transfer,
        scores.forgetting_from_first, scores.forgetting_from_best})
    EXPECT_FALSE(std::isnan(known.mean));
}

// Task 2 after task 1, which is neither the diagonal nor the last row.
TEST(ContinualScores, are_unknown_where_a_score_that_they_need_was_not_measured) {
  Tensor scores_ST = three_tasks();
  scores_ST[1][1] = kNone;
  const ContinualScores scores = continual_scores(scores_ST);
  expect_measure(scores.transfer, {kNone, kNone, 40}, kNone);
  expect_measure(scores.average, {78, kNone, 170. / 3}, kNone);
  expect_measure(scores.last, {70, 66, 90}, 226. / 3);
  expect_measure(scores.backward_transfer, {-10, 6, kNone}, -2);
  expect_measure(scores.forward_transfer, {kNone, kNone, 15}, kNone);
  expect_measure(scores.forgetting_from_first, {10, -6, kNone}, 2);
  expect_measure(scores.forgetting_from_best, {14, kNone, kNone}, kNone);
}

TEST(ContinualScores, of_a_model_that_does_not_change_show_no_transfer_and_no_forgetting) {
  const ContinualScores scores = continual_scores(matrix({50, 70}, 2).repeat({3, 1}));
  expect_measure(scores.transfer, {kNone, 70}, 70);
  expect_measure(scores.average, {50, 70}, 60);
  expect_measure(scores.last, {50, 70}, 60);
  expect_measure(scores.backward_transfer, {0, kNone}, 0);
  expect_measure(scores.forward_transfer, {kNone, 0}, 0);
  expect_measure(scores.forgetting_from_first, {0, kNone}, 0);
  expect_measure(scores.forgetting_from_best, {0, kNone}, 0);
}

TEST(ContinualScores, take_float_scores) {
  const ContinualScores scores = continual_scores(three_tasks().to(at::kFloat));
  expect_measure(scores.last, {70, 66, 90}, 226. / 3);
}

TEST(ContinualScores, refuse_other_shapes) {
  const auto message = [](const Shape& shape) {
    return testing::thrown<InternalError>([&] { continual_scores(at::zeros(shape, at::kDouble)); });
  };
  EXPECT_TRUE(message({3, 3}).ends_with("scores of shape 3x3, expected a row more than tasks"));
  for (const Shape& shape : {Shape{3}, Shape{2, 3}, Shape{1, 0}, Shape{1, 3, 2}})
    EXPECT_NE(message(shape), "(nothing thrown)") << shape_text(shape);
}

}  // namespace
}  // namespace moestro
