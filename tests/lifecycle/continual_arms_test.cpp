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
  for (const Json& frozen : of_layers("frozen")) EXPECT_EQ(frozen, 2);
}

// The second task has no expert at first.
TEST_F(Continual, appends_an_own_expert_where_there_is_none) {
  learn(unmerged({"adapter.kind=own", "adapter.experts=1"}));
  for (const Json& experts : of_layers("experts")) EXPECT_EQ(experts, 2);
  EXPECT_GT(matrix()[2][1].get<double>(), .9);
}

TEST_F(Continual, own_experts_of_tasks_to_come_wait_as_they_were_drawn) {
  const Settings three = {"adapter.kind=own", "adapter.experts=3"};
  const std::string name = "adapters.1.experts.up.weight";
  learn(unmerged(three));
  const Tensor without = weights().at(name);
  fs::remove_all(run_);
  Settings decaying = three;
  decaying.emplace_back("train.weight_decay=.1");
  learn(unmerged(decaying));
  const Tensor with = weights().at(name);
  EXPECT_FALSE(at::equal(with[1], without[1]));
  EXPECT_TRUE(at::equal(with[2], without[2]));
}

// It was frozen with all that were there, and no other is appended.
TEST_F(Continual, adds_a_task_with_an_own_expert_that_waited) {
  learn(unmerged({"adapter.kind=own", "adapter.experts=4"}));
  const auto before = weights();
  add("third");
  EXPECT_GT(matrix()[3][2].get<double>(), .9);
  for (size_t j = 0; j < 2; ++j) EXPECT_EQ(matrix()[3][j], matrix()[2][j]);
  const Tensor was = before.at("adapters.1.experts.down.weight"),
               is = weights().at("adapters.1.experts.down.weight");
  for (const int64_t other : {0, 1, 3}) EXPECT_TRUE(at::equal(is[other], was[other])) << other;
  EXPECT_FALSE(at::equal(is[2], was[2]));
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
  lose_second_task();
  learn({"stream.replay=.05"}, /*resume=*/true);
  expect_same(weights(), with);
}

// All that earlier tasks are answered with is frozen then.
TEST_F(Continual, learns_nothing_again_beside_a_task_that_is_added) {
  const std::string one = fmt::format("stream.tasks=[\"{}\"]", path("first"));
  const auto added = [&](const char* replay) {
    learn({one, replay});
    add("third");
    auto all = weights();
    fs::remove_all(run_);
    return all;
  };
  const auto without = added("stream.replay=0");
  expect_same(added("stream.replay=.5"), without);
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
  const auto peace = weights();
  const Json summary = continual();
  lose_second_task();
  learn(settings, /*resume=*/true);
  expect_same(weights(), peace);
  EXPECT_EQ(continual(), summary);
  EXPECT_TRUE(contains(thrown<UserError>([&] { add("third"); }), "expected a run with adapters"));
}

TEST_F(Continual, refuses_arms_that_cannot_be) {
  EXPECT_TRUE(contains(refusal({"adapter.kind=none"}), "adapter.experts has no effect"));
  EXPECT_TRUE(contains(refusal({"adapter.kind=own"}), "leaves nothing to merge"));
  EXPECT_TRUE(contains(refusal(unmerged({"adapter.kind=own", "adapter.k=1"})), "adapter.k"));
  EXPECT_TRUE(contains(refusal(unmerged({"adapter.kind=own", "stream.replay=.5"})),
                       "stream.replay has no effect"));
  EXPECT_TRUE(contains(refusal({"adapter.shared_layers=3"}), "the blocks of the encoder"));
  EXPECT_TRUE(contains(refusal({"adapter.shared_layers=2"}), "no layer with experts to merge"));
  EXPECT_TRUE(contains(refusal({"stream.replay=1.5"}), "stream.replay"));
}

}  // namespace
}  // namespace moestro::testing
