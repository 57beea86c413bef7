#include "moestro/surgery/gathering.h"

#include <gtest/gtest.h>

#include "expert_kinds.h"
#include "moestro/core/error.h"
#include "moestro/surgery/unit_gathering.h"
#include "thrown.h"

namespace moestro {
namespace {

using namespace testing;

ExpertTensors drawn(const ExpertKind& kind, int64_t experts, uint64_t seed) {
  return ExpertTensors::stacked(kind.drawn(experts, seed));
}

void expect_same(const NamedTensors& a, const NamedTensors& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t t = 0; t < a.size(); ++t) {
    EXPECT_EQ(a[t].first, b[t].first);
    EXPECT_TRUE(a[t].second.equal(b[t].second)) << a[t].first;
  }
}

struct Gather : ::testing::Test {
  NetworkExperts kind{{"linear #", "relu", "linear #", "relu", "linear classes"}, {3}, {6, 4}};
  ExpertTensors experts = drawn(kind, 3, 5);
  std::vector<HiddenLayer> layers = kind.layers();

  Gathering gathered(const GatherOptions& options) const {
    return gather(experts, layers, layers, options);
  }
  Gathering gathered(const GatherOptions& options, const Widths& widths) const {
    return gather(experts, layers, kind.of(widths)->layers(), options);
  }
};

TEST_F(Gather, adds_tensors_as_they_are_added) {
  expect_same(gathered({.kind = GatherKind::sum}).tensors, summed(experts));
  expect_same(gathered({.kind = GatherKind::average}).tensors, averaged(experts));
  const SingularOptions singular{.rank = 2, .mean = true};
  const Gathering svd = gathered({.kind = GatherKind::svd, .singular = singular});
  expect_same(svd.tensors, singular_gathering(experts, singular).tensors);
  ASSERT_EQ(svd.matrices.size(), 3);
  EXPECT_EQ(svd.matrices[1].rank_E, (std::vector<int64_t>{2, 2, 2}));
  EXPECT_FALSE(svd.alignment);
  EXPECT_TRUE(svd.units.empty());
}

TEST_F(Gather, aligns_before_it_adds) {
  const Alignment alignment = align(experts, layers);
  const ExpertTensors in_order = aligned(experts, layers, alignment);
  const Gathering sum = gathered({.kind = GatherKind::sum, .align = true});
  expect_same(sum.tensors, summed(in_order));
  ASSERT_TRUE(sum.alignment);
  EXPECT_TRUE(sum.alignment->layers[1].unit_EU.equal(alignment.layers[1].unit_EU));
  EXPECT_FALSE(sum.tensors[0].second.equal(summed(experts)[0].second));
}

TEST_F(Gather, takes_the_strongest_units_and_says_what_it_kept) {
  const std::vector<Tensor> strength = unit_strengths(experts, layers, Ranking::norms);
  const std::vector<UnitChoice> choice = strongest_units(strength, {7, 4});
  const Gathering topk = gathered({.kind = GatherKind::topk, .ranking = Ranking::norms}, {7, 4});
  expect_same(topk.tensors, gather_units(experts, layers, kind.of({7, 4})->layers(), choice));
  ASSERT_EQ(topk.units.size(), 2);
  for (size_t l = 0; l < 2; ++l) {
    std::vector<int64_t> units(3, 0);
    std::vector<double> squares(3, 0);
    for (size_t u = 0; u < choice[l].unit_U.size(); ++u) {
      const int64_t e = choice[l].expert_U[u];
      ++units[e];
      squares[e] += strength[l][e][choice[l].unit_U[u]].square().item<double>();
    }
    EXPECT_EQ(topk.units[l].units_E, units);
    for (int64_t e = 0; e < 3; ++e)
      EXPECT_NEAR(topk.units[l].strength_E[e],
                  squares[e] / strength[l][e].square().sum().item<double>(), 1e-12);
  }
}

TEST_F(Gather, of_one_expert_gives_it_back) {
  const Gathering one = gathered({.kind = GatherKind::one, .experts = {2}});
  expect_same(one.tensors, tensors_of(experts, 2));
  EXPECT_EQ(one.units[0].units_E, (std::vector<int64_t>{0, 0, 6}));
  EXPECT_EQ(one.units[1].strength_E, (std::vector<double>{0, 0, 1}));
}

TEST_F(Gather, of_whole_experts_answers_their_mean) {
  const Gathering two = gathered({.kind = GatherKind::concat, .experts = {2, 0}}, {12, 8});
  expect_same(two.tensors, gather_units(experts, layers, kind.of({12, 8})->layers(),
                                        whole_experts(layers, {2, 0}), .5));
  const Tensor x = kind.inputs(5), out_ENC = kind.outputs(experts, x);
  EXPECT_TRUE(close(answer(*kind.of({12, 8}), two.tensors, x), (out_ENC[0] + out_ENC[2]) / 2));
}

TEST_F(Gather, of_whole_experts_into_less_takes_their_strongest_units) {
  const Gathering two = gathered({.kind = GatherKind::concat, .experts = {2, 0}}, {6, 8});
  for (size_t l = 0; l < 2; ++l) EXPECT_EQ(two.units[l].units_E[1], 0);
  EXPECT_EQ(two.units[0].units_E, (std::vector<int64_t>{3, 0, 3}));
  EXPECT_EQ(two.units[1].units_E, (std::vector<int64_t>{4, 0, 4}));
  std::vector<Tensor> theirs;
  for (const Tensor& strength_EU : unit_strengths(experts, layers, Ranking::norm))
    theirs.push_back(at::stack({strength_EU[2], strength_EU[0]}));
  std::vector<UnitChoice> choice = strongest_units(theirs, {6, 8});
  for (UnitChoice& layer : choice)
    for (int64_t& e : layer.expert_U) e = e == 0 ? 2 : 0;
  expect_same(two.tensors, gather_units(experts, layers, kind.of({6, 8})->layers(), choice, .5));
}

TEST_F(Gather, of_one_expert_is_of_the_first_that_is_named) {
  expect_same(gathered({.kind = GatherKind::one, .experts = {1, 2}}).tensors,
              tensors_of(experts, 1));
}

TEST(GatherWithoutHiddenLayers, takes_the_experts_that_were_asked_for) {
  const NetworkExperts kind({"linear classes"}, {3}, {});
  const ExpertTensors experts = drawn(kind, 3, 5);
  const auto weight = [&](const GatherOptions& options) {
    return gather(experts, {}, {}, options).tensors[0].second;
  };
  const auto w = [&](int64_t e) { return experts.at("0.weight", e); };
  EXPECT_TRUE(weight({.kind = GatherKind::one, .experts = {2, 0}}).equal(w(2)));
  EXPECT_TRUE(close(weight({.kind = GatherKind::concat, .experts = {2, 0}}), (w(0) + w(2)) / 2));
  EXPECT_TRUE(close(weight({.kind = GatherKind::sum}), w(0) + w(1) + w(2)));
  EXPECT_EQ(thrown<UserError>([&] { weight({.kind = GatherKind::topk}); }),
            "topk: the experts have no hidden layer, hence no units to choose; expected another "
            "way to gather them, such as average");
}

TEST_F(Gather, refuses_what_cannot_be) {
  const auto message = [&](const GatherOptions& options, const Widths& widths) {
    return thrown<UserError>([&] { gathered(options, widths); });
  };
  EXPECT_EQ(message({.kind = GatherKind::sum}, {6, 5}),
            "hidden layer 1 of the student is 5 wide; adding tensors takes 4");
  EXPECT_EQ(message({.kind = GatherKind::one, .experts = {0}}, {7, 4}),
            "hidden layer 0 of the student is 7 wide; one expert takes 6");
  EXPECT_EQ(message({.kind = GatherKind::one}, {6, 4}), "no expert to gather; expected one");
  EXPECT_EQ(message({.kind = GatherKind::concat, .experts = {0, 3}}, {12, 8}),
            "expert 3; expected 0 to 2");
  EXPECT_EQ(message({.kind = GatherKind::topk}, {19, 4}),
            "a width of 19; expected 1 to 18, the 6 units of each of 3 experts");
  const auto fewer = [&] { gather(experts, layers, {layers[0]}, {.kind = GatherKind::topk}); };
  EXPECT_EQ(thrown<UserError>(fewer),
            "a student of 1 hidden layers for experts of 2; expected as many");
}

}  // namespace
}  // namespace moestro
