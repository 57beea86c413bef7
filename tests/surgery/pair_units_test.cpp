#include "surgery/pair_units.h"

#include <algorithm>
#include <numeric>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"

namespace moestro {
namespace {

Tensor drawn(int64_t units, uint64_t seed) {
  return testing::normal({units, 9}, seed).to(at::kFloat);
}

double sum_of(const Tensor& a_UM, const Tensor& b_UM, const Tensor& unit_U) {
  return (a_UM * b_UM.index_select(0, unit_U)).sum(at::kDouble).item<double>();
}

double best_of_all(const Tensor& a_UM, const Tensor& b_UM) {
  std::vector<int64_t> units(static_cast<size_t>(a_UM.size(0)));
  std::iota(units.begin(), units.end(), 0);
  double best = -INFINITY;
  do best = std::max(best, sum_of(a_UM, b_UM, at::tensor(units, at::kLong)));
  while (std::next_permutation(units.begin(), units.end()));
  return best;
}

bool is_permutation(const Tensor& unit_U) {
  return std::get<0>(unit_U.sort()).equal(at::arange(unit_U.size(0), at::kLong));
}

TEST(PairUnits, finds_the_best_of_all_orders) {
  for (int64_t units = 1; units <= 6; ++units) {
    const Tensor a = drawn(units, units), b = drawn(units, 50 + units);
    const Tensor unit_U = pair_units(a, b, 2048);
    EXPECT_TRUE(is_permutation(unit_U));
    EXPECT_NEAR(sum_of(a, b, unit_U), best_of_all(a, b), 1e-5);
  }
}

// Blocks that divide the units, that leave a rest, that leave one, and that are one.
TEST(PairUnits, by_blocks_gives_an_order_below_the_best_and_not_far) {
  for (const int64_t block : {16, 24, 21, 63, 1})
    for (uint64_t seed = 0; seed < 4; ++seed) {
      SCOPED_TRACE(block);
      const Tensor a = drawn(64, seed), b = drawn(64, 100 + seed);
      const Tensor unit_U = pair_units(a, b, block);
      ASSERT_TRUE(is_permutation(unit_U));
      const double exact = sum_of(a, b, pair_units(a, b, 64)), found = sum_of(a, b, unit_U);
      EXPECT_LE(found, exact + 1e-4);
      EXPECT_LE(exact, pairing_bound(a, b) + 1e-4);
      EXPECT_GT(found, (block == 1 ? .7 : .9) * exact);
    }
}

TEST(PairUnits, by_blocks_finds_the_same_units_elsewhere) {
  const Tensor a = drawn(64, 1), order = testing::normal({64}, 2).argsort();
  for (const int64_t block : {1, 16, 24})
    EXPECT_TRUE(pair_units(a, a.index_select(0, order), block).equal(order.argsort())) << block;
}

TEST(PairUnits, by_blocks_is_the_same_each_time) {
  const Tensor a = drawn(64, 1), b = drawn(64, 2);
  EXPECT_TRUE(pair_units(a, b, 16).equal(pair_units(a, b, 16)));
}

TEST(PairUnits, of_nothing_but_zeros_is_an_order) {
  const Tensor zeros = at::zeros({20, 3});
  EXPECT_TRUE(is_permutation(pair_units(zeros, zeros, 20)));
  EXPECT_TRUE(is_permutation(pair_units(zeros, zeros, 8)));
}

TEST(PairingBound, is_what_each_unit_would_get_alone) {
  const Tensor a = at::tensor({1.f, 0.f, 2.f, 1.f}).view({2, 2}),
               b = at::tensor({3.f, 1.f, 0.f, 4.f}).view({2, 2});
  EXPECT_EQ(pairing_bound(a, b), 3 + 7);
}

TEST(PairingBound, counts_every_row_of_many) {
  const Tensor a = at::ones({2500, 1}), b = at::ones({2500, 1});
  EXPECT_EQ(pairing_bound(a, b), 2500);
}

}  // namespace
}  // namespace moestro
