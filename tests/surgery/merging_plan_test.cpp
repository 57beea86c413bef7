#include <cmath>
#include <set>
#include <utility>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/surgery/merging.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::thrown;

using Counts = std::vector<double>;
using Flags = std::vector<bool>;

Flags all(size_t experts) {
  return Flags(experts, true);
}

void expect_plan(const std::optional<MergePlan>& plan, int64_t i, int64_t j, int64_t k) {
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->i, i);
  EXPECT_EQ(plan->j, j);
  EXPECT_EQ(plan->k, k);
}

TEST(PlanMerge, takes_the_two_most_used_and_the_least_used) {
  const auto plan = plan_merge({7, 2, 9, 1}, all(4));
  expect_plan(plan, 2, 0, 3);
  EXPECT_EQ(plan->weight_i, .5);
  EXPECT_EQ(plan->weight_j, .5);
}

TEST(PlanMerge, takes_moving_averages) {
  expect_plan(plan_merge({.25, .5, 1e-9, .125}, all(4)), 1, 0, 2);
}

TEST(PlanMerge, takes_the_lower_index_of_equally_used_and_the_higher_of_equally_unused) {
  expect_plan(plan_merge({0, 5, 0, 5, 5, 0}, all(6)), 1, 3, 5);
  expect_plan(plan_merge({4, 4, 4, 4}, all(4)), 0, 1, 3);
}

TEST(PlanMerge, overwrites_what_it_may_and_neither_of_the_two) {
  const Counts counts = {5, 4, 3, 2, 1};
  expect_plan(plan_merge(counts, {true, true, true, true, false}), 0, 1, 3);
  expect_plan(plan_merge(counts, {false, false, true, false, false}), 0, 1, 2);
  EXPECT_FALSE(plan_merge(counts, {true, true, false, false, false}));
  EXPECT_FALSE(plan_merge(counts, Flags(5, false)));
}

TEST(PlanMerge, needs_three_experts_and_two_that_were_chosen) {
  EXPECT_FALSE(plan_merge({3, 2}, all(2)));
  EXPECT_FALSE(plan_merge({}, {}));
  EXPECT_FALSE(plan_merge({0, 3, 0, 0}, all(4)));
  EXPECT_FALSE(plan_merge({0, 0, 0}, all(3)));
  for (const MergeKind kind : {MergeKind::random, MergeKind::copy, MergeKind::fresh})
    EXPECT_FALSE(plan_merge({0, 3, 0, 0}, all(4), {.kind = kind}));
}

TEST(PlanMerge, moves_with_the_experts) {
  const Counts counts = {3, 8, 0, 6, 1, 4};
  const Flags overwritable = {true, false, false, true, true, true};
  for (const MergeKind kind : {MergeKind::average, MergeKind::random, MergeKind::copy})
    for (uint64_t seed = 0; seed < 8; ++seed) {
      const MergeOptions options{kind, MergeWeights::count, {.seed = 3}};
      const auto plan = plan_merge(counts, overwritable, options);
      const Tensor order = permutation({.seed = seed}, 6);
      Counts there(6);
      Flags may(6);
      std::vector<int64_t> place(6);
      for (int64_t e = 0; e < 6; ++e) {
        const auto from = order[e].item<int64_t>();
        there[e] = counts[from];
        may[e] = overwritable[from];
        place[from] = e;
      }
      const auto moved = plan_merge(there, may, options);
      expect_plan(moved, place[plan->i], place[plan->j], place[plan->k]);
      EXPECT_EQ(moved->weight_i, plan->weight_i);
      EXPECT_EQ(moved->weight_j, plan->weight_j);
    }
}

TEST(PlanMerge, weighs_by_count_when_asked_to) {
  const auto plan = plan_merge({1, 6, 2, 0}, all(4), {.weights = MergeWeights::count});
  expect_plan(plan, 1, 2, 3);
  EXPECT_EQ(plan->weight_i, .75);
  EXPECT_EQ(plan->weight_j, .25);
}

TEST(PlanMerge, of_a_control_overwrites_the_same_expert) {
  const auto copy = plan_merge({7, 2, 9, 1}, all(4), {MergeKind::copy, MergeWeights::count});
  expect_plan(copy, 2, 0, 3);
  EXPECT_EQ(copy->weight_i, 1);
  EXPECT_EQ(copy->weight_j, 0);
  const auto fresh = plan_merge({7, 2, 9, 1}, all(4), {.kind = MergeKind::fresh});
  expect_plan(fresh, 2, 0, 3);
  EXPECT_EQ(fresh->weight_i, 0);
  EXPECT_EQ(fresh->weight_j, 0);
}

TEST(PlanMerge, draws_every_two_of_the_others_by_key) {
  const Counts counts = {9, 2, 7, 1, 0};
  const Flags overwritable = {true, true, true, true, false};
  std::set<std::pair<int64_t, int64_t>> pairs;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const MergeOptions options{.kind = MergeKind::random, .draw = {.seed = seed}};
    const auto plan = plan_merge(counts, overwritable, options);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->k, 3);
    EXPECT_GT(counts[plan->i], counts[plan->j]);
    expect_plan(plan_merge(counts, overwritable, options), plan->i, plan->j, plan->k);
    pairs.emplace(plan->i, plan->j);
  }
  EXPECT_EQ(pairs, (std::set<std::pair<int64_t, int64_t>>{
                       {0, 2}, {0, 1}, {0, 4}, {2, 1}, {2, 4}, {1, 4}}));
}

TEST(PlanMerge, weighs_two_drawn_that_were_never_chosen_equally) {
  int equal = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const auto plan = plan_merge({3, 1, 0, 0, 0}, all(5),
                                 {MergeKind::random, MergeWeights::count, {.seed = seed}});
    EXPECT_EQ(plan->weight_i + plan->weight_j, 1);
    equal += plan->i == 2 && plan->j == 3 && plan->weight_j == .5;
  }
  EXPECT_GT(equal, 0);
}

TEST(PlanMerge, refuses_counts_that_are_none) {
  for (const double bad : Counts{-1, NAN, INFINITY})
    EXPECT_NE(thrown<InternalError>([&] { plan_merge({1, 2, bad}, all(3)); }), "(nothing thrown)");
  EXPECT_NE(thrown<InternalError>([&] { plan_merge({1, 2, 3}, all(4)); }), "(nothing thrown)");
}

TEST(CheckMergeable, needs_three_experts_one_of_which_may_be_overwritten) {
  const auto message = [](const Flags& flags) {
    return thrown<UserError>([&] { check_mergeable(flags); });
  };
  EXPECT_EQ(message(all(2)), "2 experts; expected at least 3 to merge two over another");
  EXPECT_EQ(message(Flags(4, false)),
            "none of 4 experts may be overwritten; expected at least 1 to merge over");
  EXPECT_EQ(message({false, true, false}), "(nothing thrown)");
}

}  // namespace
}  // namespace moestro
