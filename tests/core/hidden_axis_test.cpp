#include "moestro/core/hidden_axis.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"

namespace moestro {
namespace {

Tensor units(std::vector<int64_t> values) {
  return at::tensor(values, at::kLong);
}

TEST(HiddenAxis, owns_one_row_a_unit_by_default) {
  const HiddenAxis axis{.units = 4, .parts = {{.tensor = "0.bias"}}};
  EXPECT_TRUE(at::equal(axis.indices(axis.parts[0], units({2, 0, 3})), units({2, 0, 3})));
}

TEST(HiddenAxis, of_no_units_is_empty) {
  const HiddenAxis axis{.units = 4, .parts = {{.tensor = "w", .block = 3, .stride = 3}}};
  EXPECT_EQ(axis.indices(axis.parts[0], at::empty({0}, at::kLong)).numel(), 0);
}

// Permuting the channels of a feature map before flatten is permuting their columns after it.
TEST(HiddenAxis, of_a_channel_is_its_block_of_columns_after_flatten) {
  const int64_t channels = 3, area = 2 * 5;
  const HiddenAxis axis{.units = channels,
                        .parts = {{.tensor = "2.weight", .dim = 0, .block = area, .stride = area}}};
  const Tensor order = units({2, 0, 1});
  const Tensor map_NCHW = at::arange(2 * channels * area).reshape({2, channels, 2, 5});
  const Tensor expected = map_NCHW.index_select(1, order).flatten(1);
  const Tensor columns = axis.indices(axis.parts[0], order);
  EXPECT_TRUE(at::equal(map_NCHW.flatten(1).index_select(1, columns), expected));
}

// gate_up [D, 2F]: gates first, then ups.
TEST(HiddenAxis, of_a_packed_matrix_has_two_parts) {
  const int64_t hidden = 3;
  const HiddenAxis axis{.units = hidden,
                        .parts = {{.tensor = "gate_up", .dim = 1},
                                  {.tensor = "gate_up", .dim = 1, .offset = hidden}}};
  EXPECT_TRUE(at::equal(axis.indices(axis.parts[0], units({2, 0})), units({2, 0})));
  EXPECT_TRUE(at::equal(axis.indices(axis.parts[1], units({2, 0})), units({5, 3})));
}

// gate_up [D, 2F]: gate and up of a unit side by side, as one block or as two interleaved parts.
TEST(HiddenAxis, of_an_interleaved_matrix_has_a_stride) {
  const HiddenAxis axis{.units = 3,
                        .parts = {{.tensor = "gate_up", .dim = 1, .offset = 0, .stride = 2},
                                  {.tensor = "gate_up", .dim = 1, .offset = 1, .stride = 2},
                                  {.tensor = "gate_up", .dim = 1, .block = 2, .stride = 2}}};
  EXPECT_TRUE(at::equal(axis.indices(axis.parts[0], units({2, 0})), units({4, 0})));
  EXPECT_TRUE(at::equal(axis.indices(axis.parts[1], units({2, 0})), units({5, 1})));
  EXPECT_TRUE(at::equal(axis.indices(axis.parts[2], units({2, 0})), units({4, 5, 0, 1})));
}

TEST(HiddenAxis, takes_int64_vectors_only) {
  const HiddenAxis axis{.units = 4, .parts = {{.tensor = "w"}}};
  EXPECT_THROW(axis.indices(axis.parts[0], at::zeros({2})), InternalError);
  EXPECT_THROW(axis.indices(axis.parts[0], at::zeros({2, 2}, at::kLong)), InternalError);
}

}  // namespace
}  // namespace moestro
