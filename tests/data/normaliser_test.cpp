#include "moestro/data/normaliser.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "data/files_fixture.h"
#include "moestro/core/error.h"
#include "moestro/data/table_schema.h"

namespace moestro::testing {
namespace {

Dataset numbers(const Tensor& inputs, const Tensor& targets = {}) {
  Dataset set;
  set.inputs = inputs.to(at::kFloat);
  set.targets_N = targets;
  return set;
}

TEST(Normaliser, pixels_count_zero_to_one_and_each_channel_has_its_own) {
  Dataset set;
  set.inputs = at::zeros({2, 2, 1, 2}, at::kByte);
  set.inputs.select(1, 0).fill_(51);                // .2
  set.inputs.select(1, 1).select(2, 1).fill_(255);  // half 0, half 1
  const Normaliser normaliser = Normaliser::fit(set);
  EXPECT_DOUBLE_EQ(normaliser.mean()[0], .2);
  EXPECT_DOUBLE_EQ(normaliser.mean()[1], .5);
  EXPECT_DOUBLE_EQ(normaliser.deviation()[0], 1);
  EXPECT_DOUBLE_EQ(normaliser.deviation()[1], .5);
  const Tensor out = normaliser.apply(set.inputs);
  EXPECT_TRUE(at::allclose(out.select(1, 0), at::zeros({2, 1, 2}), 0, 1e-6));
  EXPECT_TRUE(at::allclose(out.select(1, 1), at::tensor({-1.f, 1.f}).expand({2, 1, 2})));
  EXPECT_EQ(set.inputs.max().item<int>(), 255) << "the set itself stays as it was";
}

TEST(Normaliser, columns_come_out_with_mean_zero_and_deviation_one) {
  const Tensor x_ND = at::arange(12).view({4, 3}).to(at::kFloat) * 1000;
  const Tensor out_ND = Normaliser::fit(numbers(x_ND)).apply(x_ND);
  EXPECT_TRUE(at::allclose(out_ND.mean(0), at::zeros({3}), 0, 1e-6));
  EXPECT_TRUE(at::allclose(out_ND.std(0, /*unbiased=*/false), at::ones({3})));
}

TEST(Normaliser, a_constant_column_becomes_zero) {
  const Tensor x_ND = at::full({3, 1}, .1);
  const Normaliser normaliser = Normaliser::fit(numbers(x_ND));
  EXPECT_EQ(normaliser.deviation()[0], 1);
  EXPECT_TRUE(at::allclose(normaliser.apply(x_ND.to(at::kFloat)), at::zeros({3, 1}), 0, 1e-6));
}

TEST(Normaliser, flags_and_one_hot_inputs_stay_as_they_are) {
  TableSchema table;
  table.columns.resize(2);
  table.columns[0].missing = true;
  table.columns[1].kind = TableColumn::Kind::categorical;
  table.columns[1].categories = {"a", "b"};
  const Tensor x_ND = at::tensor({4., 0., 1., 0., 8., 1., 0., 1.}).view({2, 4});
  const Tensor out_ND = Normaliser::fit(numbers(x_ND), &table).apply(x_ND.to(at::kFloat));
  EXPECT_TRUE(
      at::equal(out_ND, at::tensor({-1.f, 0.f, 1.f, 0.f, 1.f, 1.f, 0.f, 1.f}).view({2, 4})));
}

TEST(Normaliser, regression_targets_are_standardised_and_restored) {
  const Tensor y_N = at::tensor({100.f, 300.f});
  const Normaliser normaliser = Normaliser::fit(numbers(at::ones({2, 1}), y_N));
  EXPECT_EQ(normaliser.target_deviation(), 100);
  const Tensor standard_N = normaliser.apply_to_targets(y_N);
  EXPECT_TRUE(at::equal(standard_N, at::tensor({-1.f, 1.f})));
  EXPECT_TRUE(at::equal(normaliser.restore(standard_N), y_N));
}

TEST(Normaliser, classes_pass_unchanged) {
  const Dataset set = image_set(4);
  const Normaliser normaliser = Normaliser::fit(set);
  EXPECT_TRUE(at::equal(normaliser.apply_to_targets(set.targets_N), set.targets_N));
  EXPECT_EQ(normaliser.target_deviation(), 1);
}

TEST(Normaliser, given_values_replace_the_fitted_ones) {
  const Dataset set = numbers(at::ones({2, 3}));
  EXPECT_EQ(Normaliser::fit(set, nullptr, {.5}, {2}).mean(), (std::vector<double>{.5, .5, .5}));
  EXPECT_TRUE(says(thrown<UserError>([&] {
                     Normaliser::fit(set, nullptr, {1, 2}, {1});
                   }),
                   {"data.mean has 2 values; expected 1 or 3"}));
  EXPECT_TRUE(says(thrown<UserError>([&] { Normaliser::fit(set, nullptr, {1}, {}); }),
                   {"go together; only data.mean is given"}));
}

TEST(Normaliser, token_ids_pass_unchanged_while_scores_are_standardised) {
  Dataset set;
  set.inputs = at::tensor({1, 5, 2, -1}, at::kInt).view({2, 2});
  set.targets_N = at::tensor({1.f, 3.f});
  const Normaliser normaliser = Normaliser::fit(set);
  EXPECT_TRUE(at::equal(normaliser.apply(set.inputs), set.inputs));
  EXPECT_TRUE(at::equal(normaliser.apply_to_targets(set.targets_N), at::tensor({-1.f, 1.f})));
  set.targets_N = set.inputs;
  EXPECT_TRUE(at::equal(Normaliser::fit(set).apply_to_targets(set.targets_N), set.inputs));
  EXPECT_TRUE(says(thrown<UserError>([&] { Normaliser::fit(set, nullptr, {0}, {1}); }),
                   {"data.mean and data.deviation have no effect", "texts"}));
}

TEST(Normaliser, json_keeps_every_digit) {
  const Tensor x_ND = at::arange(7).view({7, 1}) / 3;
  const Normaliser normaliser = Normaliser::fit(numbers(x_ND, at::arange(7).to(at::kFloat) / 7));
  const std::string text = normaliser.to_json().dump();
  EXPECT_EQ(Normaliser::from_json(nlohmann::json::parse(text)), normaliser);
}

}  // namespace
}  // namespace moestro::testing
