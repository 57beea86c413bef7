#include "moestro/train/expert_merging.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "thrown.h"
#include "told_merging.h"

namespace moestro {
namespace {

using namespace testing;

TEST(ExpertMerging, the_least_used_expert_becomes_the_mean_of_the_two_most_used) {
  Merged merged(merging_at(2, 2));
  const auto before = values(merged.model);
  merged.after_step(1);
  EXPECT_TRUE(changed(before, values(merged.model)).empty());
  merged.after_step(2);
  const auto after = values(merged.model);
  EXPECT_EQ(changed(before, after), tensors_of({{0, 2}, {1, 0}}));
  EXPECT_TRUE(at::allclose(expert_of(after, 0, 2),
                           (expert_of(before, 0, 0) + expert_of(before, 0, 1)) / 2, 1e-6, 1e-7));
  EXPECT_TRUE(at::allclose(expert_of(after, 1, 0),
                           (expert_of(before, 1, 3) + expert_of(before, 1, 2)) / 2, 1e-6, 1e-7));
}

TEST(ExpertMerging, forgets_the_moments_of_the_overwritten_expert_alone) {
  Merged merged(merging_at(1, 1));
  for (int step = 0; step < 3; ++step) train_step(merged.model, 0, merged.optimiser, step);
  std::map<std::string, Tensor> before;
  for (const auto& [name, tensor] : merged.optimiser.state()) before[name] = tensor.clone();
  merged.after_step(1);
  int64_t cleared = 0;
  for (const auto& [name, tensor] : merged.optimiser.state()) {
    const bool bank = name.find(".experts.") != std::string::npos;
    const int64_t k = name.starts_with("optimiser.adapters.0") ? 2 : 0;
    for (int64_t e = 0; e < tensor.size(0); ++e) {
      const bool gone = bank && e == k;
      cleared += gone;
      EXPECT_TRUE(tensor[e].equal(gone ? at::zeros_like(tensor[e]) : before.at(name)[e]))
          << name << e;
      if (name.ends_with(".steps") && name.find(".gate.1.") == std::string::npos) {
        EXPECT_EQ(tensor[e].item<double>(), gone ? 0 : 3) << name << e;
      }
    }
  }
  EXPECT_EQ(cleared, 2 * 4 * 3);  // layers, tensors, what is kept of each
}

TEST(ExpertMerging, merges_at_the_steps_it_is_told_and_no_others) {
  Merged merged(merging_at(4, 11, 3));
  for (int64_t step = 1; step <= 14; ++step) merged.after_step(step);
  EXPECT_EQ(merged.steps(), (std::vector<int64_t>{4, 4, 7, 7, 10, 10}));
  Merged never(merging_at(1, 14, 0));
  const auto before = values(never.model);
  for (int64_t step = 1; step <= 14; ++step) never.after_step(step);
  EXPECT_TRUE(changed(before, values(never.model)).empty());
  EXPECT_EQ(never.merging.task_counts()[0], (std::vector<int64_t>{42, 28, 0, 14}));
}

TEST(ExpertMerging, counts_since_the_last_merge_of_the_layer) {
  Merged merged(merging_at(2, 9));
  merged.after_step(1);
  merged.after_step(2, kFirst, {{3, 2}, {3, 1}, {3, 1}});
  merged.after_step(3, {{3, 1}}, {{0, 1}});
  EXPECT_EQ(merged.entry(0).count_E, (std::vector<double>{6, 4, 0, 2}));
  EXPECT_EQ(merged.entry(2).count_E, (std::vector<double>{0, 1, 0, 1}));
  EXPECT_EQ(merged.entry(3).count_E, (std::vector<double>{1, 1, 0, 0}));
  EXPECT_EQ(merged.merging.task_counts()[0], (std::vector<int64_t>{6, 5, 0, 3}));
}

TEST(ExpertMerging, a_moving_average_goes_on_over_merges) {
  MergeConfig config = merging_at(2, 9);
  config.counts = "moving";
  Merged merged(config);
  merged.after_step(1);
  merged.after_step(2);
  merged.after_step(3, {{3, 1}});
  EXPECT_DOUBLE_EQ(merged.entry(2).count_E[0], 3 * .99 * .99 + 3 * .99);
  EXPECT_DOUBLE_EQ(merged.entry(2).count_E[1], 2 * .99 * .99 + 2 * .99 + 1);
}

TEST(ExpertMerging, every_task_counts_from_its_start) {
  Merged merged(merging_at(2, 2));
  merged.after_step(1, {{2, 3}});
  merged.merging.end_task(merged.merging.task_counts());
  merged.merging.begin_task(1, merged.optimiser);
  merged.after_step(1);
  merged.after_step(2);
  EXPECT_EQ(merged.entry(0).task, 1);
  EXPECT_EQ(merged.entry(0).decisions, 6);
  EXPECT_EQ(merged.entry(0).count_E, (std::vector<double>{6, 4, 0, 2}));
  EXPECT_EQ(merged.merging.task_counts()[0], (std::vector<int64_t>{6, 4, 0, 2}));
}

TEST(ExpertMerging, reads_frozen_experts_and_never_overwrites_one) {
  Merged merged(merging_at(1, 2));
  for (const int64_t expert : {0, 1, 2}) merged.model.layers()[0].freeze(expert);
  const auto before = values(merged.model);
  merged.after_step(1);
  EXPECT_EQ(changed(before, values(merged.model)), tensors_of({{0, 3}, {1, 0}}));
  EXPECT_EQ(merged.entry(0).k, 3);
  merged.model.layers()[0].freeze(3);
  merged.after_step(2);
  EXPECT_EQ(merged.merging.journal().size(), 3u);  // the second layer's alone
  EXPECT_EQ(merged.entry(2).layer, 1);
}

TEST(ExpertMerging, keeps_what_earlier_tasks_use_where_it_is_told_to) {
  for (const char* target : {"unfrozen", "unused"}) {
    MergeConfig config = merging_at(1, 1);
    config.target = target;
    Merged merged(config);
    merged.merging.end_task({{0, 0, 1, 0}, {1, 1, 1, 1}});
    for (AdapterLayer& layer : merged.model.layers()) layer.grow(1);
    Optimiser next(merged.model.parameters(), adamw());
    merged.merging.begin_task(1, next);
    merged.after_step(1, {{0, 1}, {0, 4}}, {{0, 1}, {0, 4}});
    const bool unused = std::string(target) == "unused";
    EXPECT_EQ(merged.entry(0).k, 3) << target;
    EXPECT_EQ(merged.entry(1).k, unused ? 4 : 3) << target;
    merged.merging.end_task({{0, 0, 0, 1, 1}, {0, 0, 0, 0, 1}});
    merged.merging.begin_task(2, next);
    merged.after_step(1, {{0, 1}, {0, 1}}, {{0, 1}, {0, 1}});
    EXPECT_EQ(merged.merging.journal().size(), unused ? 2u : 4u) << target;
  }
}

TEST(ExpertMerging, refuses_what_cannot_be_merged) {
  EXPECT_EQ(thrown<UserError>([] { Merged(merging_at(1, 1), 3, 2); }),
            "2 experts; expected at least 3 to merge two over another");
  Merged merged(merging_at(1, 1));
  EXPECT_EQ(thrown<UserError>([&] {
              merged.after_step(1, {{0, 1, 2, 3}}, {{0, 1, 2, 3}});
            }),
            "adapters.0: the gate sends a sample to every expert; expected one that chooses fewer, "
            "or merge.every = 0");
}

}  // namespace
}  // namespace moestro
