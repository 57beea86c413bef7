#include "moestro/surgery/merging.h"

#include <cmath>

#include <gtest/gtest.h>

#include "expert_kinds.h"
#include "moestro/core/error.h"
#include "store/temporary_folder.h"
#include "thrown.h"

namespace moestro {
namespace {

using namespace testing;

const std::vector<bool> kAll(4, true);

bool holds(const Tensor& tensor, const std::vector<double>& values) {
  return tensor.flatten().equal(at::tensor(values));
}

NamedTensors copied(const NamedTensors& tensors) {
  NamedTensors copies;
  for (const auto& [name, tensor] : tensors) copies.emplace_back(name, tensor.clone());
  return copies;
}

void expect_only_changed(const NamedTensors& now, const NamedTensors& before, int64_t changed) {
  for (size_t t = 0; t < now.size(); ++t)
    for (int64_t e = 0; e < now[t].second.size(0); ++e)
      EXPECT_EQ(now[t].second[e].equal(before[t].second[e]), e != changed) << now[t].first << e;
}

// Four experts of a matrix [1, 2] and a bias [1].
NamedTensors four_experts() {
  return {{"w", at::tensor({1., 2., 3., 4., 5., 8., 7., 7.}).view({4, 1, 2})},
          {"b", at::tensor({0., 10., 4., -1.}).view({4, 1})}};
}

TEST(Merge, of_four_experts_by_hand) {
  const NamedTensors bank = four_experts(), before = copied(bank);
  const ExpertTensors experts = ExpertTensors::stacked(bank);
  const auto plan = plan_merge({7, 2, 9, 1}, kAll);
  overwrite(experts, plan->k, merged(experts, *plan));
  EXPECT_TRUE(holds(bank[0].second[3], {3., 5.}));
  EXPECT_TRUE(holds(bank[1].second[3], {2.}));
  expect_only_changed(bank, before, 3);
}

TEST(Merge, weighted_by_counts_by_hand) {
  const NamedTensors bank = four_experts(), before = copied(bank);
  const ExpertTensors experts = ExpertTensors::stacked(bank);
  const auto plan = plan_merge({1, 0, 3, 1e-9}, kAll, {.weights = MergeWeights::count});
  overwrite(experts, plan->k, merged(experts, *plan));  // 3/4 of expert 2, 1/4 of expert 0
  EXPECT_TRUE(holds(bank[0].second[1], {4., 6.5}));
  EXPECT_TRUE(holds(bank[1].second[1], {3.}));
  expect_only_changed(bank, before, 1);
}

TEST(Merge, of_a_copy_is_the_most_used_expert) {
  const NamedTensors bank = four_experts(), before = copied(bank);
  const ExpertTensors experts = ExpertTensors::stacked(bank);
  const auto plan = plan_merge({7, 2, 9, 1}, kAll, {.kind = MergeKind::copy});
  overwrite(experts, plan->k, merged(experts, *plan));
  for (const auto& [name, tensor] : bank) EXPECT_TRUE(tensor[3].equal(tensor[2])) << name;
  expect_only_changed(bank, before, 3);
}

TEST(Merge, of_fresh_values_takes_those) {
  const NamedTensors bank = four_experts(), before = copied(bank);
  const ExpertTensors experts = ExpertTensors::stacked(bank);
  const auto plan = plan_merge({7, 2, 9, 1}, kAll, {.kind = MergeKind::fresh});
  EXPECT_NE(thrown<InternalError>([&] { merged(experts, *plan); }), "(nothing thrown)");
  overwrite(
      experts, plan->k,
      ExpertTensors::stacked({{"b", at::full({1, 1}, 11.)}, {"w", at::full({1, 1, 2}, 12.)}}));
  EXPECT_TRUE(holds(bank[0].second[3], {12., 12.}));
  EXPECT_TRUE(holds(bank[1].second[3], {11.}));
  expect_only_changed(bank, before, 3);
}

TEST(Merge, of_identical_experts_is_one_of_them) {
  for (const auto& kind : all_kinds()) {
    SCOPED_TRACE(kind->text());
    const NamedTensors one = tensors_of(ExpertTensors::stacked(kind->drawn(1, 4)), 0);
    const NamedTensors other = tensors_of(ExpertTensors::stacked(kind->drawn(1, 900)), 0);
    const ExpertTensors experts = together({one, other, one});
    for (const MergePlan& plan : {MergePlan{0, 2, 1, .5, .5}, MergePlan{2, 0, 1, .7, .3}}) {
      const ExpertTensors plain = merged(experts, plan),
                          in_order = merged(experts, plan, kind->layers());
      for (const auto& [name, tensor] : one) {
        EXPECT_TRUE(plain.at(name, 0).equal(tensor)) << name;
        EXPECT_TRUE(in_order.at(name, 0).equal(tensor)) << name;
      }
    }
  }
}

// Every unit one place further.
Orders rolled(const std::vector<HiddenLayer>& layers) {
  Orders orders;
  for (const HiddenLayer& layer : layers)
    orders.push_back(at::arange(layer.axis.units, at::kLong).roll(1));
  return orders;
}

TEST(Merge, in_order_of_permuted_experts_is_the_first_of_them) {
  for (const auto& kind : all_kinds()) {
    SCOPED_TRACE(kind->text());
    const std::vector<HiddenLayer> layers = kind->layers();
    const NamedTensors one = tensors_of(ExpertTensors::stacked(kind->drawn(1, 4)), 0);
    const NamedTensors elsewhere = permuted(one, layers, rolled(layers));
    const NamedTensors other = tensors_of(ExpertTensors::stacked(kind->drawn(1, 900)), 0);
    const ExpertTensors experts = together({other, elsewhere, one});
    const MergePlan plan{2, 1, 0, .6, .4};
    const ExpertTensors in_order = merged(experts, plan, layers), plain = merged(experts, plan);
    bool differs = false;
    for (const auto& [name, tensor] : one) {
      EXPECT_TRUE(in_order.at(name, 0).equal(tensor)) << name;
      differs = differs || !plain.at(name, 0).equal(tensor);
    }
    EXPECT_TRUE(differs);
  }
}

TEST(Merge, writes_into_the_storage_of_a_live_bank) {
  const ExpertBank bank(specs_of({"linear 5", "relu", "linear classes"}, {3}, 2), "experts", 4, 1);
  NamedTensors live;
  for (const Parameter& parameter : bank.parameters())
    live.emplace_back(parameter.name, parameter.value);
  const NamedTensors before = copied(live);
  const auto plan = plan_merge({1, 2, 3, 4}, kAll);
  const ExpertTensors experts = bank.tensors();
  overwrite(experts, plan->k, merged(experts, *plan, hidden_layers(bank.specs())));
  expect_only_changed(live, before, 0);
  for (size_t t = 0; t < live.size(); ++t) {
    EXPECT_EQ(bank.parameters()[t].value.data_ptr(), live[t].second.data_ptr());
    EXPECT_TRUE(live[t].second.is_leaf() && live[t].second.requires_grad());
  }
}

TEST(Merge, of_a_mapped_file_yields_the_new_tensors_by_name) {
  const TemporaryFolder folder;
  write_safetensors(folder.path() / "experts.safetensors", four_experts());
  const SafetensorsFile file(folder.path() / "experts.safetensors");
  const ExpertTensors experts =
      ExpertTensors::stacked({{"w", file.tensor("w")}, {"b", file.tensor("b")}});
  const ExpertTensors average = merged(experts, {2, 0, 3, .5, .5});
  EXPECT_EQ(average.experts(), 1);
  EXPECT_EQ(average.names(), experts.names());
  EXPECT_EQ(average.shape("w"), experts.shape("w"));
  EXPECT_TRUE(holds(average.at("w", 0), {3., 5.}));
  merged(experts, {2, 0, 3, 1, 0}).at("w", 0).zero_();  // nobody else's memory
  EXPECT_TRUE(holds(experts.at("w", 2), {5., 8.}));
}

// Their sum is above the type's largest value.
TEST(Merge, averages_in_double_and_keeps_the_type) {
  const ExpertTensors experts =
      ExpertTensors::stacked({{"w", at::tensor({60000., 0., 61024.}).to(at::kHalf).view({3, 1})}});
  const Tensor average = merged(experts, {0, 2, 1, .5, .5}).at("w", 0);
  EXPECT_EQ(average.scalar_type(), at::kHalf);
  EXPECT_EQ(average.item<double>(), 60512);
}

TEST(Merge, refuses_what_cannot_be_averaged_and_writes_nothing) {
  NamedTensors bank = four_experts();
  const auto message = [&](const MergePlan& plan) {
    const ExpertTensors experts = ExpertTensors::stacked(bank);
    return thrown<UserError>([&] { overwrite(experts, plan.k, merged(experts, plan)); });
  };
  bank[1].second[2][0] = NAN;
  const NamedTensors before = copied(bank);
  EXPECT_EQ(message({0, 2, 3, .5, .5}), "\"b\" of expert 1 has values that are not finite");
  EXPECT_TRUE(bank[0].second.equal(before[0].second));
  bank[1].second = at::arange(4).view({4, 1});
  EXPECT_EQ(message({0, 2, 3, .5, .5}),
            "\"b\" holds Long; expected floating point to average experts");
  EXPECT_EQ(message({0, 2, 3, 1, 0}), "(nothing thrown)");
  EXPECT_EQ(bank[1].second[3].item<int64_t>(), 0);
}

TEST(Overwrite, refuses_experts_of_other_shapes) {
  const ExpertTensors experts = ExpertTensors::stacked(four_experts());
  const Tensor w = at::ones({1, 1, 2}), b = at::ones({1, 1});
  for (const NamedTensors& other :
       {NamedTensors{{"w", w}}, NamedTensors{{"w", w}, {"b", w}}, four_experts()})
    EXPECT_NE(thrown<InternalError>([&] { overwrite(experts, 0, ExpertTensors::stacked(other)); }),
              "(nothing thrown)");
}

TEST(ExpertCosine, is_of_all_tensors_together) {
  const ExpertTensors experts = ExpertTensors::stacked(four_experts());
  // (1, 2, 0) and (5, 8, 4)
  EXPECT_NEAR(expert_cosine(experts, 0, 2), 21 / std::sqrt(5. * 105.), 1e-15);
  EXPECT_NEAR(expert_cosine(experts, 2, 0), 21 / std::sqrt(5. * 105.), 1e-15);
  EXPECT_NEAR(expert_cosine(experts, 1, 1), 1, 1e-15);
}

TEST(ExpertCosine, knows_no_length_and_no_angle_to_nothing) {
  const Tensor w = at::tensor({1., -2., -3., 6., 0., 0.}).view({3, 2});
  const ExpertTensors experts = ExpertTensors::stacked({{"w", w}});
  EXPECT_NEAR(expert_cosine(experts, 0, 1), -1, 1e-15);
  EXPECT_TRUE(std::isnan(expert_cosine(experts, 0, 2)));
}

}  // namespace
}  // namespace moestro
