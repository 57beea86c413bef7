#include "moestro/surgery/unit_choice.h"

#include <limits>

#include <gtest/gtest.h>

#include "expert_kinds.h"
#include "moestro/core/error.h"
#include "thrown.h"

namespace moestro {
namespace {

using namespace testing;

Tensor strengths(const std::vector<std::vector<double>>& of_experts) {
  std::vector<Tensor> rows;
  for (const std::vector<double>& row : of_experts) rows.push_back(at::tensor(row, at::kDouble));
  return at::stack(rows);
}

// "0:3 0:1 1:2": units by expert.
std::string text(const UnitChoice& choice) {
  EXPECT_EQ(choice.expert_U.size(), choice.unit_U.size());
  std::string text;
  for (size_t u = 0; u < choice.unit_U.size(); ++u)
    text += fmt::format("{}{}:{}", u == 0 ? "" : " ", choice.expert_U[u], choice.unit_U[u]);
  return text;
}

std::string strongest(const Tensor& strength_EU, int64_t width) {
  return text(strongest_units(strength_EU, width));
}

const std::vector<std::vector<double>> kThree = {{1, 9, 3, 2}, {8, 4, 5, 6}, {.1, .2, .3, .4}};

TEST(StrongestUnits, are_as_many_of_each_expert) {
  EXPECT_EQ(strongest(strengths(kThree), 6), "0:1 0:2 1:0 1:3 2:3 2:2");
  EXPECT_EQ(strongest(strengths(kThree), 3), "0:1 1:0 2:3");
  EXPECT_EQ(strongest(strengths(kThree), 12), "0:1 0:2 0:3 0:0 1:0 1:3 1:2 1:1 2:3 2:2 2:1 2:0");
}

// Third of each: 2, 5, .2. Second of each: 3, 6, .3.
TEST(StrongestUnits, that_are_left_are_of_the_experts_with_the_strongest_next_unit) {
  EXPECT_EQ(strongest(strengths(kThree), 7), "0:1 0:2 1:0 1:3 1:2 2:3 2:2");
  EXPECT_EQ(strongest(strengths(kThree), 8), "0:1 0:2 0:3 1:0 1:3 1:2 2:3 2:2");
  EXPECT_EQ(strongest(strengths(kThree), 4), "0:1 1:0 1:3 2:3");
  EXPECT_EQ(strongest(strengths(kThree), 11), "0:1 0:2 0:3 0:0 1:0 1:3 1:2 1:1 2:3 2:2 2:1");
}

TEST(StrongestUnits, that_are_left_are_at_most_one_of_an_expert) {
  const Tensor strength_EU = strengths({{9, 8, 7, 6}, {1, 1, 1, 1}, {2, 2, 2, 2}});
  EXPECT_EQ(strongest(strength_EU, 5), "0:0 0:1 1:0 2:0 2:1");
}

TEST(StrongestUnits, fewer_than_experts_are_the_strongest_of_all_but_two_of_one_at_most) {
  EXPECT_EQ(strongest(strengths(kThree), 2), "0:1 1:0");
  EXPECT_EQ(strongest(strengths(kThree), 1), "0:1");
  const Tensor one_rules = strengths({{1, 2}, {9, 8}, {7, 0}, {3, 4}});
  EXPECT_EQ(strongest(one_rules, 2), "1:0 1:1");
  EXPECT_EQ(strongest(one_rules, 3), "1:0 1:1 2:0");
  const Tensor one_owns_all = strengths({{9, 8, 7}, {1, 2, 3}, {0, 0, 0}, {0, 0, 0}});
  EXPECT_EQ(strongest(one_owns_all, 3), "0:0 0:1 1:2");
  EXPECT_EQ(strongest(strengths({{1}, {3}, {2}}), 2), "1:0 2:0");  // adapters of one unit
}

TEST(StrongestUnits, of_equals_are_the_first) {
  EXPECT_EQ(strongest(at::zeros({2, 3}, at::kDouble), 3), "0:0 0:1 1:0");
}

TEST(StrongestUnits, of_one_expert_are_its_own) {
  EXPECT_EQ(strongest(strengths({{1, 9, 3, 2}}), 3), "0:1 0:2 0:3");
  EXPECT_EQ(strongest(strengths({{5}}), 1), "0:0");
}

TEST(StrongestUnits, cannot_be_more_than_there_are_nor_none) {
  for (const int64_t width : {13, 0, -2})
    EXPECT_EQ(
        thrown<UserError>([&] { strongest_units(strengths(kThree), width); }),
        fmt::format("a width of {}; expected 1 to 12, the 4 units of each of 3 experts", width));
  const Tensor nan_EU = strengths({{1, std::numeric_limits<double>::quiet_NaN()}});
  EXPECT_THROW(strongest_units(nan_EU, 1), InternalError);
}

TEST(StrongestUnits, layer_by_layer_are_of_experts_that_still_have_units) {
  const std::vector<Tensor> strength = {strengths({{5, 6}, {1, 1}, {7, 1}}),
                                        strengths({{1, 2, 3}, {99, 99, 99}, {3, 2, 1}}),
                                        strengths({{1}, {99}, {2}})};
  const std::vector<UnitChoice> choice = strongest_units(strength, {2, 4, 1});
  ASSERT_EQ(choice.size(), 3);
  EXPECT_EQ(text(choice[0]), "0:1 2:0");
  EXPECT_EQ(text(choice[1]), "0:2 0:1 2:0 2:1");
  EXPECT_EQ(text(choice[2]), "2:0");
  EXPECT_EQ(thrown<UserError>([&] {
              strongest_units(strength, {2, 7, 1});
            }),
            "a width of 7; expected 1 to 6, the 3 units of each of 2 experts");
  EXPECT_THROW(strongest_units(strength, {2, 4}), InternalError);
  EXPECT_TRUE(strongest_units(std::vector<Tensor>{}, {}).empty());
}

TEST(UnitStrengths, are_norms_of_weights_by_hand) {
  const auto layers = hidden_layers(FeedForwardShape{2, 2, FeedForwardKind::relu, true});
  const ExpertTensors experts = ExpertTensors::stacked(
      {{"up.weight", at::tensor({3., 1., 4., 1., 0., 2., 0., 2.}).view({2, 2, 2})},
       {"up.bias", at::full({2, 2}, 100.)},
       {"down.weight", at::tensor({6., 8., 1., 0., 1., 1., 5., 12.}).view({2, 2, 2})},
       {"down.bias", at::full({2, 2}, 100.)}});
  const Tensor norm = strengths({{5, std::sqrt(2.)}, {0, std::sqrt(8.)}}),
               readers = strengths({{10, 1}, {std::sqrt(2.), 13}});
  EXPECT_TRUE(close(unit_strengths(experts, layers, Ranking::norm).at(0), norm));
  EXPECT_TRUE(close(unit_strengths(experts, layers, Ranking::norms).at(0), norm * readers));
  const Tensor activation = strengths({{.5, 2}, {3, .1}});
  EXPECT_TRUE(
      close(unit_strengths(experts, layers, Ranking::activation, {activation.to(at::kFloat)})[0],
            norm * readers * activation.to(at::kFloat)));
  EXPECT_EQ(unit_strengths(experts, layers, Ranking::norm)[0].scalar_type(), at::kDouble);
}

TEST(UnitStrengths, count_both_columns_of_a_packed_matrix) {
  const InterleavedExperts interleaved(2);
  NamedTensors tensors = interleaved.blank(1);
  tensor_named(tensors, "gate_up")[0][0] = at::tensor({3., 4., 5., 12.});
  tensor_named(tensors, "gate_up_bias").fill_(100);
  EXPECT_TRUE(
      close(unit_strengths(ExpertTensors::stacked(tensors), interleaved.layers(), Ranking::norm)[0],
            strengths({{5, 13}})));
  const FeedForwardExperts swiglu({1, 2, FeedForwardKind::swiglu, false});
  tensors = swiglu.blank(1);
  tensor_named(tensors, "up.weight")[0][0] = at::tensor({3., 5., 4., 12.});
  EXPECT_TRUE(
      close(unit_strengths(ExpertTensors::stacked(tensors), swiglu.layers(), Ranking::norm)[0],
            strengths({{5, 13}})));
}

// A channel's block of rows behind a flatten; neither scale nor statistics count.
TEST(UnitStrengths, of_channels_count_all_that_reads_them) {
  const NetworkExperts kind({"conv # 2", "batchnorm", "relu", "linear classes"}, {1, 3, 3}, {2});
  NamedTensors tensors = kind.drawn(1, 3);
  tensor_named(tensors, "0.weight") = at::ones({1, 2, 1, 2, 2}, at::kDouble);
  tensor_named(tensors, "0.weight")[0][1].mul_(3);
  tensor_named(tensors, "3.weight") = at::zeros({1, 8, 4}, at::kDouble);
  tensor_named(tensors, "3.weight")[0].narrow(0, 0, 4).fill_(.5);
  tensor_named(tensors, "3.weight")[0][7][3].fill_(5);
  const ExpertTensors experts = ExpertTensors::stacked(tensors);
  EXPECT_TRUE(close(unit_strengths(experts, kind.layers(), Ranking::norm)[0], strengths({{2, 6}})));
  EXPECT_TRUE(close(unit_strengths(experts, kind.layers(), Ranking::norms)[0],
                    strengths({{2 * 2, 6 * 5}})));
}

// A bank's own tensors() are those that are learned.
TEST(UnitStrengths, need_no_running_statistics) {
  const NetworkExperts kind({"linear #", "batchnorm", "relu", "linear classes"}, {3}, {5});
  NamedTensors tensors = kind.drawn(2, 4), learned = tensors;
  std::erase_if(learned, [](const auto& entry) { return entry.first.starts_with("1.running"); });
  for (const Ranking ranking : {Ranking::norm, Ranking::norms})
    EXPECT_TRUE(close(unit_strengths(ExpertTensors::stacked(learned), kind.layers(), ranking)[0],
                      unit_strengths(ExpertTensors::stacked(tensors), kind.layers(), ranking)[0]));
}

TEST(UnitStrengths, refuse_what_has_none) {
  const FeedForwardExperts kind({4, 3, FeedForwardKind::gelu, true});
  NamedTensors tensors = kind.drawn(2, 4);
  const ExpertTensors experts = ExpertTensors::stacked(tensors);
  EXPECT_THROW(unit_strengths(experts, kind.layers(), Ranking::activation), InternalError);
  EXPECT_THROW(unit_strengths(experts, kind.layers(), Ranking::activation, {at::ones({3})}),
               InternalError);
  tensors[0].second[1][2][0].fill_(std::numeric_limits<double>::infinity());
  EXPECT_EQ(thrown<UserError>([&] { unit_strengths(experts, kind.layers(), Ranking::norm); }),
            "\"up.weight\" of expert 1 has values that are not finite");
}

TEST(WholeExperts, are_all_their_units_one_after_the_other) {
  const NetworkExperts kind({"linear #", "relu", "linear #", "relu", "linear classes"}, {3},
                            {2, 1});
  const std::vector<UnitChoice> choice = whole_experts(kind.layers(), {2, 0});
  ASSERT_EQ(choice.size(), 2);
  EXPECT_EQ(text(choice[0]), "2:0 2:1 0:0 0:1");
  EXPECT_EQ(text(choice[1]), "2:0 0:0");
}

TEST(ExpertsOf, a_choice_are_named_once_and_ascending) {
  EXPECT_EQ(experts_of({{2, 0, 2, 1, 0}, {0, 1, 2, 3, 4}}), (std::vector<int64_t>{0, 1, 2}));
  EXPECT_TRUE(experts_of({}).empty());
}

}  // namespace
}  // namespace moestro
