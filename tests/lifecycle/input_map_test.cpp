#include "moestro/lifecycle/input_map.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace moestro {
namespace {

Dataset rows(const Tensor& inputs) {
  Dataset data;
  data.inputs = inputs;
  return data;
}

std::optional<InputMap> map_of(const Dataset& data) {
  return input_map(data, Normaliser::fit(data), at::arange(data.rows(), at::kLong));
}

// Normalised inputs stay as they are: the plane is one of its own axes.
TEST(InputMap, of_points_on_a_plane_is_that_plane) {
  const Tensor inputs = at::tensor({-3., 0., 3., 0., 0., 1., 0., -1.}).reshape({4, 2});
  const Dataset data = rows(inputs.to(at::kFloat));
  const Normaliser as_it_is = Normaliser::fit(data, nullptr, {0}, {1});
  const InputMap map = *input_map(data, as_it_is, at::tensor({0, 1, 1, 0}, at::kLong));
  EXPECT_EQ(map.x[0], -map.x[1]);
  EXPECT_EQ(std::abs(map.x[0]), 3);
  EXPECT_EQ(std::abs(map.y[2]), 1);
  EXPECT_EQ(map.expert, (std::vector<int64_t>{0, 1, 1, 0}));
  EXPECT_NEAR(map.share_x, .9, 1e-12);
  EXPECT_NEAR(map.share_y, .1, 1e-12);
}

TEST(InputMap, of_many_rows_takes_evenly_spaced_ones) {
  const int64_t count = 5000;
  const Tensor inputs = at::stack({at::arange(count), at::arange(count).remainder(7)}, 1);
  const InputMap map = *map_of(rows(inputs.to(at::kFloat)));
  ASSERT_EQ(map.x.size(), 2000u);
  EXPECT_EQ(map.expert[0], 0);
  EXPECT_EQ(map.expert[1], 2);  // 5000 / 2000, rounded down
  EXPECT_EQ(map.expert[1999], 4997);
}

TEST(InputMap, is_written_in_few_digits) {
  const Dataset data =
      rows(at::arange(200, at::kFloat).square().remainder(97).view({50, 4}) * 1e-5);
  const InputMap map =
      *input_map(data, Normaliser::fit(data, nullptr, {0}, {1}), at::zeros({50}, at::kLong));
  const nlohmann::json json = map.to_json();
  for (const char* axis : {"x", "y"}) EXPECT_LE(json[axis].dump().size(), 50 * 12u);
}

TEST(InputMap, of_large_inputs_is_rounded_to_whole_numbers) {
  const Dataset data = rows(at::tensor({0., 0., 123456., 7., 0., 9.}).reshape({3, 2}));
  const InputMap map =
      *input_map(data, Normaliser::fit(data, nullptr, {0}, {1}), at::zeros({3}, at::kLong));
  EXPECT_EQ(std::abs(map.x[1]), 82300);  // two thirds, to a hundred or finer
}

TEST(InputMap, needs_a_plane) {
  EXPECT_FALSE(map_of(rows(at::ones({9, 3}))).has_value());  // all alike
  EXPECT_FALSE(map_of(rows(at::arange(9, at::kFloat).view({9, 1}))).has_value());
  EXPECT_FALSE(map_of(rows(at::arange(8, at::kFloat).view({2, 4}))).has_value());
}

}  // namespace
}  // namespace moestro
