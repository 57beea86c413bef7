#include "moestro/train/task_selector.h"

#include <limits>
#include <map>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/core/error.h"
#include "thrown.h"

namespace moestro {
namespace {

using namespace testing;

constexpr int64_t kWidth = 24;

Tensor unit(const Tensor& x_ND) {
  return (x_ND / x_ND.norm(2, 1, /*keepdim=*/true)).to(at::kFloat);
}

// Unit vectors around a centre of their own, which vary along three directions and a little along
// all.
Tensor cluster(uint64_t which, int64_t rows, uint64_t seed) {
  const Tensor centre_D = normal({kWidth}, 100 + which);
  const Tensor along_3D = normal({3, kWidth}, 200 + which);
  return unit(centre_D / centre_D.norm() + normal({rows, 3}, seed).mm(along_3D) * .06 +
              normal({rows, kWidth}, seed + 1) * .01);
}

Tensor anywhere(int64_t rows, uint64_t seed) {
  return unit(normal({rows, kWidth}, seed));
}

TaskSelector three_clusters(bool reference = false) {
  TaskSelector selector(kWidth, {.steps = 300, .held_out = .3});
  for (uint64_t task = 0; task < 3; ++task) selector.add_task(cluster(task, 1000, task + 1));
  if (reference) selector.set_reference(at::cat({anywhere(200, 5), cluster(9, 200, 6)}));
  return selector;
}

int64_t choice_for_all(const TaskSelector& selector, const Tensor& unit_BD) {
  const Tensor chosen_B = selector.choose_by_batch(unit_BD, unit_BD.size(0));
  EXPECT_TRUE(chosen_B.eq(chosen_B[0]).all().item<bool>());
  return chosen_B[0].item<int64_t>();
}

double share_of(const Tensor& chosen_B, int64_t task) {
  return chosen_B.eq(task).to(at::kDouble).mean().item<double>();
}

TEST(TaskSelector, knows_unseen_texts_of_its_tasks) {
  const TaskSelector selector = three_clusters();
  for (int64_t task = 0; task < 3; ++task) {
    const Tensor unseen_BD = cluster(task, 200, 50 + task);
    const Tensor chosen_B = selector.choose(unseen_BD);
    EXPECT_EQ(chosen_B.scalar_type(), at::kLong);
    EXPECT_GT(share_of(chosen_B, task), .95) << task;
    EXPECT_EQ(share_of(chosen_B, task) + share_of(chosen_B, -1), 1) << task;
    EXPECT_EQ(choice_for_all(selector, unseen_BD), task);
  }
}

TEST(TaskSelector, sends_what_is_far_from_all_tasks_to_none) {
  const TaskSelector selector = three_clusters();
  for (const Tensor& other_BD : {anywhere(200, 8), cluster(7, 200, 9)}) {
    EXPECT_EQ(share_of(selector.choose(other_BD), -1), 1);
    EXPECT_EQ(choice_for_all(selector, other_BD), -1);
  }
}

// About one text in a hundred of a task's own is above its threshold.
TEST(TaskSelector, its_threshold_is_a_quantile_of_unseen_errors) {
  const auto refused = [](double quantile) {
    TaskSelector selector(kWidth, {.steps = 300, .held_out = .5, .quantile = quantile});
    selector.add_task(cluster(0, 2000, 1));
    return share_of(selector.choose(cluster(0, 4000, 70)), -1);
  };
  EXPECT_NEAR(refused(.99), .01, .01);
  EXPECT_NEAR(refused(.8), .2, .05);
}

TEST(TaskSelector, errors_are_squared_distances_from_what_is_rebuilt) {
  TaskSelector selector(kWidth, {.hidden = 5, .steps = 20});
  selector.add_task(cluster(0, 50, 1));
  std::map<std::string, Tensor> part;
  for (const auto& [name, tensor] : selector.state()) part[name] = tensor.squeeze(0);
  const Tensor x_BD = anywhere(7, 3);
  const Tensor hidden_BF =
      (x_BD.mm(part.at("selector.0.0.weight")) + part.at("selector.0.0.bias")).clamp_min(0);
  EXPECT_EQ(hidden_BF.size(1), 5);
  const Tensor rebuilt_BD =
      hidden_BF.mm(part.at("selector.0.2.weight")) + part.at("selector.0.2.bias");
  EXPECT_TRUE(at::allclose(selector.errors(x_BD).select(1, 0), (x_BD - rebuilt_BD).square().sum(1),
                           1e-5, 1e-6));
}

// Two tasks in the plane whose texts are all rebuilt as (1, 0) and as (0, 1), so that errors are
// squared distances from there, under thresholds of .5 and .1; a reference at (.8, .6).
TaskSelector in_the_plane(bool reference) {
  TaskSelector selector(2, {.hidden = 1});
  selector.make_room(2, reference, at::kCPU);
  const std::map<std::string, std::vector<float>> values = {
      {"selector.0.2.bias", {1, 0}},
      {"selector.0.threshold", {.5}},
      {"selector.1.2.bias", {0, 1}},
      {"selector.1.threshold", {.1}},
      {"selector.reference.2.bias", {.8, .6}}};
  for (const auto& [name, tensor] : selector.state()) {
    tensor.zero_();
    if (values.contains(name)) tensor.copy_(at::tensor(values.at(name)).view_as(tensor));
  }
  return selector;
}

const std::vector<float> kPoints = {1, 0, .8, .6, .6, .8, 0, 1};

TEST(TaskSelector, chooses_the_least_error_below_that_tasks_threshold) {
  const Tensor x_BD = at::tensor(kPoints).view({4, 2});
  const TaskSelector selector = in_the_plane(false);
  EXPECT_TRUE(at::allclose(selector.errors(x_BD),
                           at::tensor({0., 2., .4, .8, .8, .4, 2., 0.}, at::kFloat).view({4, 2}),
                           1e-6, 1e-6));
  EXPECT_TRUE(selector.choose(x_BD).equal(at::tensor({0, 0, -1, 1}, at::kLong)));
}

TEST(TaskSelector, a_reference_takes_what_it_rebuilds_better) {
  const Tensor x_BD = at::tensor(kPoints).view({4, 2});
  const TaskSelector selector = in_the_plane(true);
  EXPECT_TRUE(selector.choose(x_BD).equal(at::tensor({0, -1, -1, 1}, at::kLong)));
  EXPECT_EQ(choice_for_all(selector, x_BD.slice(0, 0, 1)), 0);
  EXPECT_EQ(choice_for_all(selector, x_BD.slice(0, 1, 2)), -1);
}

TEST(TaskSelector, a_batch_is_decided_by_its_mean_error) {
  const Tensor x_BD = at::tensor(kPoints).view({4, 2});
  const TaskSelector selector = in_the_plane(false);
  EXPECT_EQ(choice_for_all(selector, x_BD.slice(0, 0, 3)), 0);   // (0 + .4 + .8) / 3 = .4
  EXPECT_EQ(choice_for_all(selector, x_BD.slice(0, 1, 3)), -1);  // .6 for both
  EXPECT_TRUE(selector.choose_by_batch(x_BD, 3).equal(at::tensor({0, 0, 0, 1}, at::kLong)));
}

TEST(TaskSelector, comes_back_from_its_tensors) {
  const TaskSelector before = three_clusters(true);
  TaskSelector after(kWidth, {.seed = 77});
  after.make_room(3, true, at::kCPU);
  const auto saved = before.state(), places = after.state();
  ASSERT_EQ(saved.size(), 4u * 5);
  ASSERT_EQ(places.size(), saved.size());
  for (size_t i = 0; i < saved.size(); ++i) {
    EXPECT_EQ(places[i].first, saved[i].first);
    places[i].second.copy_(saved[i].second);
  }
  const Tensor some_BD = at::cat({cluster(0, 20, 80), cluster(2, 20, 81), anywhere(20, 82)});
  EXPECT_TRUE(after.errors(some_BD).equal(before.errors(some_BD)));
  EXPECT_TRUE(after.choose(some_BD).equal(before.choose(some_BD)));
}

TEST(TaskSelector, learns_the_same_from_the_same_seed_whatever_came_before) {
  const auto errors = [](uint64_t seed, uint64_t first) {
    TaskSelector selector(kWidth, {.steps = 30, .seed = seed});
    selector.add_task(cluster(first, 100, 1));
    selector.add_task(cluster(1, 100, 2));
    return selector.errors(anywhere(5, 3)).select(1, 1).clone();
  };
  EXPECT_TRUE(errors(1, 0).equal(errors(1, 2)));
  EXPECT_FALSE(errors(1, 0).equal(errors(2, 0)));
}

TEST(TaskSelector, without_tasks_nobody_is_chosen) {
  const TaskSelector selector(kWidth, {});
  EXPECT_EQ(share_of(selector.choose(anywhere(4, 1)), -1), 1);
  EXPECT_EQ(choice_for_all(selector, anywhere(4, 1)), -1);
}

TEST(TaskSelector, a_text_without_numbers_belongs_to_none) {
  TaskSelector selector(kWidth, {.steps = 30});
  selector.add_task(cluster(0, 50, 1));
  const Tensor spoilt_BD =
      at::full({2, kWidth}, std::numeric_limits<double>::quiet_NaN(), at::kFloat);
  EXPECT_EQ(share_of(selector.choose(spoilt_BD), -1), 1);
}

TEST(TaskSelector, refuses_features_that_say_nothing) {
  TaskSelector selector(kWidth, {});
  EXPECT_EQ(thrown<UserError>([&] { selector.add_task(anywhere(1, 1)); }),
            "1 samples to know a task by; expected at least 2");
  EXPECT_EQ(thrown<UserError>([&] { selector.add_task(anywhere(3, 1) / 0); }),
            "features to know a task by are not finite; expected numbers");
  EXPECT_EQ(selector.tasks(), 0);
}

}  // namespace
}  // namespace moestro
