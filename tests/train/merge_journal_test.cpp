#include "moestro/train/merge_journal.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "moestro/core/error.h"
#include "thrown.h"
#include "told_merging.h"

namespace moestro {
namespace {

using namespace testing;

TEST(ExpertMerging, says_what_it_did) {
  Merged merged(merging_at(2, 2));
  const auto before = values(merged.model);
  merged.after_step(1);
  merged.after_step(2);
  ASSERT_EQ(merged.merging.journal().size(), 2u);
  const MergeEntry& entry = merged.entry(1);
  EXPECT_EQ((std::vector<int64_t>{entry.task, entry.layer, entry.step}),
            (std::vector<int64_t>{0, 1, 2}));
  EXPECT_EQ((std::vector<int64_t>{entry.i, entry.j, entry.k}), (std::vector<int64_t>{3, 2, 0}));
  EXPECT_EQ(entry.count_E, (std::vector<double>{0, 2, 4, 6}));
  const double cosine =
      at::cosine_similarity(expert_of(before, 1, 3), expert_of(before, 1, 2), 0).item<double>();
  EXPECT_NEAR(entry.cosine.value(), cosine, 1e-6);
  EXPECT_EQ(entry.decisions, 6);
  EXPECT_EQ(entry.used, 0);
  EXPECT_FALSE(entry.later_share);
}

TEST(ExpertMerging, says_how_much_the_overwritten_were_used_later) {
  Merged merged(merging_at(2, 4, 2));
  merged.after_step(1);
  merged.after_step(2);  // over 2, and over 0
  merged.after_step(3, {{2, 1}, {0, 1}}, {{3, 2}, {3, 2}});
  merged.after_step(4, {{0, 1}, {0, 1}}, {{3, 2}, {3, 2}});  // over 3, and over 1
  merged.after_step(5, {{2, 1}}, {{1, 2}});
  merged.after_step(6, {{2, 1}}, {{0, 3}});
  merged.merging.end_task(merged.merging.task_counts());
  ASSERT_EQ(merged.merging.journal().size(), 4u);
  EXPECT_EQ(merged.entry(2).k, 3);
  EXPECT_DOUBLE_EQ(merged.entry(0).later_share.value(), 3. / 6);
  EXPECT_DOUBLE_EQ(merged.entry(1).later_share.value(), 1. / 6);
  EXPECT_DOUBLE_EQ(merged.entry(2).later_share.value(), 0);
  EXPECT_EQ(merged.entry(3).k, 1);
  EXPECT_DOUBLE_EQ(merged.entry(3).later_share.value(), 1. / 2);
}

TEST(ExpertMerging, what_is_overwritten_again_is_counted_until_then) {
  Merged merged(merging_at(1, 3, 2));
  merged.after_step(1);
  merged.after_step(2, {{2, 1}, {0, 1}, {0, 1}, {0, 1}}, kSecond);
  merged.after_step(3, {{0, 3}, {0, 3}, {0, 3}, {0, 3}}, kSecond);
  ASSERT_EQ(merged.entry(2).k, 2);
  EXPECT_DOUBLE_EQ(merged.entry(0).later_share.value(), 1. / 8);
  merged.merging.end_task(merged.merging.task_counts());
  EXPECT_DOUBLE_EQ(merged.entry(0).later_share.value(), 1. / 8);
  EXPECT_FALSE(merged.entry(2).later_share);  // no decision came after
}

// Six experts that learn, with merges after steps 3, 6 and 9 of 10 in the second of two tasks.
struct Learning {
  explicit Learning(const MergeConfig& config)
      : model(adapted(2, at::kFloat, 6)), merging(model, config, 3) {
    model.layers()[0].freeze(1);
    optimiser = std::make_unique<Optimiser>(model.parameters(1), adamw());
  }
  void begin() { merging.begin_task(1, *optimiser); }
  void steps(int64_t first, int64_t last) {
    for (int64_t step = first; step <= last; ++step) {
      const LossTerms none;
      const TrainedStep trained = train_step(model, 1, *optimiser, step);
      merging.after_step({step, 1, 0, {}, none, trained.traces});
    }
  }
  std::vector<std::pair<std::string, Tensor>> tensors() const {
    std::vector<std::pair<std::string, Tensor>> all = merging.state();
    for (const auto& entry : optimiser->state()) all.push_back(entry);
    for (const Parameter& parameter : model.parameters())
      all.emplace_back(parameter.name, parameter.value.detach());
    return all;
  }

  AdaptedEncoder model;
  std::unique_ptr<Optimiser> optimiser;
  ExpertMerging merging;
};

TEST(ExpertMerging, goes_on_to_the_bit_after_a_stop) {
  for (const char* kind : {"average", "fresh", "random"}) {
    MergeConfig config = merging_at(3, 9, 3);
    config.kind = kind;
    config.counts = std::string(kind) == "random" ? "moving" : "since_merge";
    config.target = "unused";
    const LayerCounts earlier = {{0, 0, 2, 0, 0, 0}, {5, 0, 0, 0, 0, 0}};
    Learning whole(config), before(config), after(config);
    for (Learning* run : {&whole, &before}) {
      run->merging.begin_task(0, *run->optimiser);
      run->merging.end_task(earlier);
      run->begin();
    }
    whole.steps(1, 10);
    before.steps(1, 7);
    after.begin();
    const auto saved = before.tensors(), places = after.tensors();
    ASSERT_EQ(saved.size(), places.size());
    for (size_t i = 0; i < saved.size(); ++i) places[i].second.copy_(saved[i].second);
    after.optimiser->after_restore();
    const std::string journal = to_json(before.merging.journal()).dump();
    after.merging.set_journal(merge_journal_from_json(nlohmann::json::parse(journal)));
    after.steps(8, 10);
    for (Learning* run : {&whole, &after}) run->merging.end_task(run->merging.task_counts());
    EXPECT_GE(whole.merging.journal().size(), 4u);
    EXPECT_EQ(to_json(after.merging.journal()), to_json(whole.merging.journal())) << kind;
    const auto expected = whole.tensors(), found = after.tensors();
    for (size_t i = 0; i < expected.size(); ++i)
      EXPECT_TRUE(found[i].second.equal(expected[i].second)) << kind << " " << expected[i].first;
  }
}

TEST(MergeJournal, comes_back_from_its_text) {
  std::vector<MergeEntry> journal(2);
  journal[0] = {1, 2, 30, 4, 5, 6, {.1, 1. / 3}, -.3, 7, 8, 1. / 7};
  journal[1].step = 1;
  const std::string text = to_json(journal).dump();
  const auto again = merge_journal_from_json(nlohmann::json::parse(text));
  ASSERT_EQ(again.size(), 2u);
  EXPECT_EQ(again[0].count_E, journal[0].count_E);
  EXPECT_EQ(again[0].cosine, journal[0].cosine);
  EXPECT_EQ(again[0].later_share, journal[0].later_share);
  EXPECT_FALSE(again[1].cosine || again[1].later_share);
  EXPECT_EQ(to_json(again).dump(), text);
  for (const char* other : {"3", "[3]", "[{\"task\": 1}]", "{\"a\": 1}"})
    EXPECT_EQ(thrown<UserError>([&] { merge_journal_from_json(nlohmann::json::parse(other)); }),
              "not a journal of merges; expected what a run has written");
  for (const char* spoilt : {"\"task\":99999999999", "\"task\":-1", "\"task\":1.5"}) {
    std::string changed = text;
    changed.replace(changed.find("\"task\":1"), 8, spoilt);
    EXPECT_NE(thrown<UserError>([&] { merge_journal_from_json(nlohmann::json::parse(changed)); }),
              "(nothing thrown)")
        << spoilt;
  }
}

}  // namespace
}  // namespace moestro
