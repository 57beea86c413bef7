// What a stream of mixtures is compared with.
#include <gtest/gtest.h>

#include "lifecycle/continual_fixture.h"
#include "store/expect_error.h"

namespace moestro::testing {
namespace {

const Settings kUnmerged = {"merge.every=0", "merge.first=", "merge.last="};

Settings unmerged(const Settings& more) {
  Settings all = kUnmerged;
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

TEST_F(Continual, gives_every_task_an_expert_of_its_own) {
  learn(unmerged({"adapter.kind=own", "adapter.experts=2"}));
  EXPECT_GT(matrix()[1][0].get<double>(), .9);
  EXPECT_GT(matrix()[2][1].get<double>(), .9);
  EXPECT_EQ(matrix()[2][0], matrix()[1][0]);
  for (const Json& frozen : continual().at("frozen")) EXPECT_EQ(frozen, 2);
}

// The second task has no expert at first.
TEST_F(Continual, appends_an_own_expert_where_there_is_none) {
  learn(unmerged({"adapter.kind=own", "adapter.experts=1"}));
  for (const Json& experts : continual().at("experts")) EXPECT_EQ(experts, 3);
  EXPECT_GT(matrix()[2][1].get<double>(), .9);
}

TEST_F(Continual, shares_the_first_layers_between_all_tasks) {
  learn({"adapter.shared_layers=1"});
  EXPECT_EQ(continual().at("experts"), Json({1, 5}));
  EXPECT_EQ(continual().at("frozen")[0], 0);
  EXPECT_GE(continual().at("frozen")[1].get<int64_t>(), 2);
  for (const Json& merge : read_json_file(run_ / "merges.json")) EXPECT_EQ(merge.at("layer"), 1);
  const auto before = weights();
  add("third");  // and freezes what they share
  const auto after = weights();
  for (const auto& [name, tensor] : before)
    if (name.starts_with("adapters.0.experts")) {
      EXPECT_TRUE(at::equal(tensor, after.at(name))) << name;
    }
  for (size_t j = 0; j < 2; ++j) EXPECT_EQ(matrix()[3][j], matrix()[2][j]);
}

// Of 40 texts 2 are kept: a run that goes on keeps the same.
TEST_F(Continual, learns_again_what_it_kept_of_earlier_tasks) {
  learn();
  const auto without = weights();
  std::filesystem::remove_all(run_);
  learn({"stream.replay=.05"});
  const auto with = weights();
  EXPECT_FALSE(at::equal(without.at("adapters.0.experts.up.weight"),
                         with.at("adapters.0.experts.up.weight")));
  const fs::path copy = CheckpointStore(run_ / "checkpoints").path(80);
  fs::remove(copy);
  fs::remove(copy.string() + ".sha256");
  const RunFolder folder = RunFolder::open(run_);
  Manifest manifest = folder.manifest();
  manifest.status = RunStatus::interrupted;
  folder.write(manifest);
  learn({"stream.replay=.05"}, /*resume=*/true);
  expect_same(weights(), with);
}

// What is learned last answers for all tasks, those to come too.
TEST_F(Continual, fine_tunes_a_copy_of_the_encoder) {
  const Settings settings =
      unmerged({"adapter.kind=none",
                "adapter.experts=", "adapter.hidden=", "adapter.scale=", "train.rate=.003"});
  learn(settings);
  EXPECT_GT(matrix()[1][0].get<double>(), .8);
  EXPECT_GT(matrix()[2][1].get<double>(), .8);
  EXPECT_NE(matrix()[1][1], matrix()[0][1]);
  EXPECT_EQ(continual().at("experts"), Json::array());
  EXPECT_TRUE(contains(thrown<UserError>([&] { add("third"); }), "expected a run with adapters"));
}

TEST_F(Continual, refuses_arms_that_cannot_be) {
  EXPECT_TRUE(contains(refusal({"adapter.kind=none"}), "adapter."));

  EXPECT_TRUE(contains(refusal({"adapter.kind=own"}), "leaves nothing to merge"));
  EXPECT_TRUE(contains(refusal(unmerged({"adapter.kind=own", "adapter.k=1"})), "adapter.k"));
  EXPECT_TRUE(contains(refusal({"adapter.shared_layers=3"}), "the blocks of the encoder"));
  EXPECT_TRUE(contains(refusal({"stream.replay=1.5"}), "stream.replay"));
}

}  // namespace
}  // namespace moestro::testing
