// What overwrites, and what the gate makes of it.
#include <set>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "told_merging.h"

namespace moestro {
namespace {

using namespace testing;

TEST(ExpertMerging, the_gate_may_take_over_the_scores_of_both) {
  MergeConfig config = merging_at(1, 1);
  config.gate = "mean";
  Merged merged(config);
  const auto before = values(merged.model);
  merged.after_step(1);
  const auto after = values(merged.model);
  for (const char* name : {"0.weight", "0.bias", "noise.weight"}) {
    const std::string full = fmt::format("adapters.0.gate.0.{}", name);
    const Tensor was = before.at(full), is = after.at(full);
    EXPECT_TRUE(at::allclose(is.select(-1, 2), (was.select(-1, 0) + was.select(-1, 1)) / 2))
        << full;
    for (const int64_t expert : {0, 1, 3})
      EXPECT_TRUE(is.select(-1, expert).equal(was.select(-1, expert))) << full;
    const std::string other = fmt::format("adapters.0.gate.1.{}", name);
    EXPECT_TRUE(after.at(other).equal(before.at(other)));
  }
}

TEST(ExpertMerging, an_average_may_be_weighted_by_use) {
  MergeConfig config = merging_at(1, 1);
  config.weights = "count";
  Merged merged(config);
  const auto before = values(merged.model);
  merged.after_step(1);
  EXPECT_TRUE(at::allclose(expert_of(values(merged.model), 0, 2),
                           .6 * expert_of(before, 0, 0) + .4 * expert_of(before, 0, 1), 1e-6,
                           1e-7));
}

TEST(ExpertMerging, aligned_copies_average_to_themselves) {
  MergeConfig config = merging_at(1, 1);
  config.align = true;
  Merged merged(config);
  const ExpertTensors bank = merged.model.layers()[0].bank().tensors();
  {
    const at::NoGradGuard no_gradients;
    bank.at("up.weight", 1).copy_(bank.at("up.weight", 0).flip({1}));
    bank.at("up.bias", 1).copy_(bank.at("up.bias", 0).flip({0}));
    bank.at("down.weight", 1).copy_(bank.at("down.weight", 0).flip({0}));
    bank.at("down.bias", 1).copy_(bank.at("down.bias", 0));
  }
  merged.after_step(1);
  const auto after = values(merged.model);
  EXPECT_TRUE(expert_of(after, 0, 2).equal(expert_of(after, 0, 0)));
}

TEST(ExpertMerging, a_copy_is_of_the_most_used) {
  MergeConfig config = merging_at(1, 1);
  config.kind = "copy";
  Merged merged(config);
  merged.after_step(1);
  const auto after = values(merged.model);
  EXPECT_TRUE(expert_of(after, 0, 2).equal(expert_of(after, 0, 0)));
  EXPECT_TRUE(expert_of(after, 1, 0).equal(expert_of(after, 1, 3)));
}

TEST(ExpertMerging, random_ones_are_drawn_anew_at_every_merge) {
  MergeConfig config = merging_at(1, 12);
  config.kind = "random";
  const auto drawn = [&](uint64_t seed) {
    Merged merged(config, seed);
    std::vector<std::pair<int64_t, int64_t>> pairs;
    for (int64_t step = 1; step <= 12; ++step) merged.after_step(step);
    for (const MergeEntry& entry : merged.merging.journal()) {
      EXPECT_EQ(entry.k, entry.layer == 0 ? 2 : 0);
      pairs.emplace_back(entry.i, entry.j);
    }
    return pairs;
  };
  const auto pairs = drawn(3);
  EXPECT_EQ(pairs, drawn(3));
  EXPECT_NE(pairs, drawn(4));
  EXPECT_GT(std::set(pairs.begin(), pairs.end()).size(), 2u);
}

// The k'th expert of layer 0 after merges of kind "fresh".
Tensor fresh(uint64_t seed, int64_t task, int64_t step, int64_t layer = 0) {
  MergeConfig config = merging_at(step, step);
  config.kind = "fresh";
  Merged merged(config, seed);
  merged.merging.begin_task(task, merged.optimiser);
  merged.after_step(step);
  return expert_of(values(merged.model), layer, layer == 0 ? 2 : 0);
}

TEST(ExpertMerging, a_fresh_expert_begins_as_any_and_is_drawn_by_seed_task_step_and_layer) {
  const Tensor one = fresh(3, 0, 1);
  EXPECT_TRUE(one.equal(fresh(3, 0, 1)));
  for (const Tensor& other : {fresh(4, 0, 1), fresh(3, 1, 1), fresh(3, 0, 2), fresh(3, 0, 1, 1)})
    EXPECT_FALSE(one.equal(other));
  // Down and both biases are 0, up lies within 1 / sqrt(16).
  EXPECT_EQ(one.ne(0).sum().item<int64_t>(), 16 * 8);
  EXPECT_LE(one.abs().max().item<double>(), .25);
}

}  // namespace
}  // namespace moestro
