#include "moestro/train/expert_use.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tiny_adapted.h"

namespace moestro {
namespace {

using namespace testing;

using Lists = std::vector<std::vector<int64_t>>;

TEST(ExpertUse, counts_the_decisions_that_chose_an_expert) {
  Routing routing;
  routing.experts_BK = at::tensor({0, 2, 2, 1, 2, 0}, at::kLong).view({3, 2});
  EXPECT_TRUE(choices(routing, 5).equal(at::tensor({2, 1, 3, 0, 0}, at::kLong)));
}

TEST(ExpertUse, adds_up_what_every_layer_chose) {
  const AdaptedEncoder model = adapted();
  fill(model);
  ExpertUse use(model);
  EXPECT_EQ(use.read(), (Lists{{0, 0, 0, 0}, {0, 0, 0, 0}}));
  const Texts batch = texts();
  Lists expected(2, std::vector<int64_t>(4));
  for (int round = 0; round < 2; ++round) {
    const AdaptedOutput output = model.forward(batch.ids_N, batch.rows, 0, {});
    use.add(output.traces);
    for (size_t layer = 0; layer < 2; ++layer) {
      const Tensor chosen = output.traces[layer].routing.experts_BK.flatten();
      for (int64_t i = 0; i < chosen.size(0); ++i) ++expected[layer][chosen[i].item<int64_t>()];
    }
  }
  EXPECT_EQ(use.read(), expected);
}

TEST(FreezeMostUsed, counts_frozen_ones_among_the_most_used) {
  AdaptedEncoder model = adapted();
  EXPECT_EQ(freeze_most_used(model, {{1, 9, 5, 3}, {4, 4, 4, 0}}, 2), (Lists{{1, 2}, {0, 1}}));
  EXPECT_EQ(freeze_most_used(model, {{1, 9, 5, 3}, {0, 1, 8, 9}}, 2), (Lists{{}, {3, 2}}));
  EXPECT_EQ(freeze_most_used(model, {{7, 9, 0, 3}, {9, 9, 9, 9}}, 2), (Lists{{0}, {}}));
  EXPECT_EQ(model.layers()[0].bank().frozen(), (FreezeMask{true, true, true, false}));
}

TEST(FreezeMostUsed, freezes_none_that_was_never_chosen) {
  AdaptedEncoder model = adapted();
  EXPECT_EQ(freeze_most_used(model, {{0, 0, 2, 0}, {0, 0, 0, 0}}, 2), (Lists{{2}, {}}));
  EXPECT_EQ(freeze_most_used(model, {{5, 5, 5, 5}, {5, 5, 5, 5}}, 0), (Lists{{}, {}}));
}

TEST(GrowIfNeeded, appends_where_fewer_than_k_can_learn) {
  AdaptedEncoder model = adapted();
  EXPECT_EQ(grow_if_needed(model, 2, 2), (std::vector<int64_t>{0, 0}));
  for (const int64_t expert : {0, 1, 3}) model.layers()[1].freeze(expert);
  EXPECT_EQ(grow_if_needed(model, 2, 2), (std::vector<int64_t>{0, 2}));
  EXPECT_EQ(model.layers()[1].bank().frozen(), (FreezeMask{true, true, false, true, false, false}));
  EXPECT_EQ(grow_if_needed(model, 2, 2), (std::vector<int64_t>{0, 0}));
  EXPECT_EQ(model.add_task(), 1);
  EXPECT_EQ(model.layers()[1].experts_of(1), 6);
}

TEST(GrowIfNeeded, appends_as_often_as_it_takes) {
  AdaptedEncoder model = adapted();
  for (int64_t expert = 0; expert < 4; ++expert) model.layers()[0].freeze(expert);
  EXPECT_EQ(grow_if_needed(model, 3, 0), (std::vector<int64_t>{0, 0}));
  EXPECT_EQ(grow_if_needed(model, 3, 2), (std::vector<int64_t>{4, 0}));
}

}  // namespace
}  // namespace moestro
